#include "model/layers/positions.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace isoloss {
namespace {

// [..., rates]: every position's angle at every rate exp(-step i). Float64, as angles lose digits.
at::Tensor angles(const at::Tensor& positions, std::int64_t rates, double step) {
  const at::Tensor rate = (at::arange(rates, at::kDouble) * -step).exp();
  return positions.to(at::kDouble).unsqueeze(-1) * rate;
}

}  // namespace

at::Tensor rotated(const ModelSpec& spec, const at::Tensor& positions, const at::Tensor& x) {
  const std::int64_t half = x.size(-1) / 2;
  const double step = std::log(spec.rotary_base) / static_cast<double>(half);
  const at::Tensor angle = angles(positions, half, step);
  const at::Tensor cosine = angle.cos().to(x.scalar_type()), sine = angle.sin().to(x.scalar_type());
  const at::Tensor first = x.narrow(-1, 0, half), second = x.narrow(-1, half, half);
  return at::cat({first * cosine - second * sine, second * cosine + first * sine}, -1);
}

at::Tensor timing_signal(const ModelSpec& spec, const at::Tensor& positions,
                         const at::TensorOptions& options) {
  const std::int64_t half = spec.d_model / 2;
  const double step = std::log(10'000.0) / static_cast<double>(std::max<std::int64_t>(half - 1, 1));
  const at::Tensor angle = angles(positions, half, step);
  return at::cat({angle.sin(), angle.cos()}, -1).to(options.dtype());
}

}  // namespace isoloss
