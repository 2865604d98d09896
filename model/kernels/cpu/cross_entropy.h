// Cross-entropy over rows of logits with its gradient in place of the logits, and the losses alone.
// The plain version is loss() of model/layers/sublayers.h. One thread, rows in order.
#pragma once
#include <cstdint>

namespace isoloss {

struct LogitsShape {
  std::int64_t rows = 0;
  std::int64_t vocabulary = 0;
};

// Overwrites logits with the gradient of mean cross-entropy + z_loss mean log(Z)^2 and returns the
// mean cross-entropy.
template <typename Real>
double cross_entropy_gradient(const LogitsShape& shape, Real* logits, const std::int64_t* targets,
                              double z_loss);

// Loss of every row and whether its target has the largest logit (the first of equals). Overwrites
// the logits.
template <typename Real>
void cross_entropy_losses(const LogitsShape& shape, Real* logits, const std::int64_t* targets,
                          float* losses, std::uint8_t* greedy);

}  // namespace isoloss
