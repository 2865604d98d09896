// Positions without weights against values by hand: cos 1 = 0.5403023058681398, sin 1 =
// 0.8414709848078965, cos 0.01 = 0.9999500004166653, sin 0.01 = 0.009999833334166664, cos 1e-4 =
// 0.999999995, sin 1e-4 = 9.999999983333333e-05.
#include "model/layers/positions.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace isoloss {
namespace {

// Llama's layout: channels 0 and 2 turn together by p, 1 and 3 by p / 100.
TEST(Rotary, TurnsHalvesAgainstEachOther) {
  const ModelSpec spec;  // base 10,000
  const at::Tensor x = torch::tensor({{{{1., 2., 3., 4.}, {1., 2., 3., 4.}}}}, at::kDouble);
  const at::Tensor y = rotated(spec, at::arange(2), x);
  EXPECT_TRUE(at::equal(y.select(2, 0), x.select(2, 0)));
  const at::Tensor expected = torch::tensor(
      {{{-1.98411064855555, 1.9599006674966639, 2.462377902412316, 4.0197996683349945}}},
      at::kDouble);
  EXPECT_TRUE(at::allclose(y.select(2, 1), expected, 1e-12, 1e-14)) << y;
}

// Four channels have two scales, 1 and 10,000: sines first, then cosines.
TEST(TimingSignal, IsTensor2Tensors) {
  ModelSpec spec;
  spec.d_model = 4;
  const at::Tensor signal = timing_signal(spec, at::arange(2), at::TensorOptions(at::kDouble));
  const at::Tensor expected =
      torch::tensor({{0., 0., 1., 1.},
                     {0.8414709848078965, 9.999999983333333e-05, 0.5403023058681398, 0.999999995}},
                    at::kDouble);
  EXPECT_TRUE(at::allclose(signal, expected, 1e-12, 1e-14)) << signal;
}

}  // namespace
}  // namespace isoloss
