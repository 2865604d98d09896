// A small shape counted by hand: two layers, d 4, two heads of 2, hidden 8, T 3, V 5; 12 tokens in
// two parts, so 6 rows a part and four launches of what each layer does once.
#include "model/cost/step_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/cost/flops.h"
#include "model/spec/catalogue.h"
#include "model/spec/parameters.h"

namespace isoloss {
namespace {

ModelSpec two_layers(const char* architecture) {
  ModelSpec spec = named_architecture(architecture);
  spec.layers = 2;
  spec.d_model = 4;
  spec.d_head = 2;
  spec.d_ff = 8;
  spec.sequence = 3;
  spec.vocabulary = 5;
  return spec;
}

KernelWork find(const std::vector<KernelWork>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const KernelWork& work) { return work.name == name; });
  return found == list.end() ? KernelWork{.name = "missing", .launches = 0} : *found;
}

TEST(StepKernels, ProductsAndPassesByHand) {
  const auto list = step_kernels(two_layers("primer-ez"), {12, 2, true});
  const KernelWork projection = find(list, "Q, K, V");  // [6, 4] x [12, 4]^T
  EXPECT_EQ(projection.launches, 4);
  EXPECT_EQ(projection.matrix_flops, 2 * 6 * 4 * 12);
  EXPECT_EQ(projection.bytes, 2 * (6 * 4 + 4 * 12 + 6 * 12));
  // dy and x in bfloat16; the gradient in float32, read and written.
  EXPECT_EQ(find(list, "Q, K, V, gradient of the weights").bytes,
            2 * 6 * (4 + 12) + 2 * 4 * 4 * 12);
  const KernelWork convolution = find(list, "convolution, gradients");  // dy, x, dx
  EXPECT_EQ(convolution.launches, 4);
  EXPECT_EQ(convolution.bytes, 3 * 2 * 6 * 12);
  // Half of two products of 3 x 2 x 3 for two sequences and two heads; Q, K, V and the output, and
  // a float32 a row and head.
  EXPECT_EQ(find(list, "attention").matrix_flops, 2 * (2 * 3 * 2 * 3) * 2 * 2 / 2);
  EXPECT_EQ(find(list, "attention").bytes, 2 * 6 * (12 + 4) + 4 * 6 * 2);
  EXPECT_EQ(find(list, "norm").launches, 2);  // the first of each part
  // x and the branch in, their sum and its norm out, two float32 statistics a row.
  EXPECT_EQ(find(list, "sum and norm").launches, 4 * 2);
  EXPECT_EQ(find(list, "sum and norm").bytes, 6 * (4 * (4 + 2 + 4 + 2) + 2 * 4));
}

TEST(StepKernels, InFloat32NothingIsOnMatrixUnits) {
  const auto list = step_kernels(two_layers("gpt2"), {12, 2, false});
  double matrix = 0, scalar = 0;
  for (const KernelWork& work : list) {
    matrix += work.matrix_flops;
    scalar += work.scalar_flops;
  }
  EXPECT_EQ(matrix, 0);
  EXPECT_GT(scalar, 0);
  // Weights, gradients and both moments read, all but the gradients written, 4 bytes each.
  const auto buffer = static_cast<double>(parameter_table(two_layers("gpt2")).buffer_size);
  EXPECT_EQ(find(list, "AdamW").bytes, 7 * 4 * buffer);
}

// Convolutions are no products here; of attention's T x T half is done, and that half 3.5 times
// (the backward pass computes the logits once more) in place of 3.
TEST(StepKernels, ProductsAddUpToTheExactCount) {
  for (const char* architecture : {"transformer", "gpt2", "llama", "primer", "primer-ez"}) {
    const ModelSpec spec = two_layers(architecture);
    double flops = 0, expected = 0;
    for (const KernelWork& work : step_kernels(spec, {12, 2, true}))
      flops += work.launches * work.matrix_flops;
    for (const auto& [part, per_token] : by_part(spec))
      expected += 12 * per_token *
                  (part == "convolution" ? 0.0
                   : part == "attention" ? 3.5 / 3 / 2
                                         : 1.0);
    EXPECT_DOUBLE_EQ(flops, expected) << architecture;
  }
}

}  // namespace
}  // namespace isoloss
