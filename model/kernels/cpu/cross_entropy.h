// Cross-entropy over rows of logits with its gradient in place of the logits, and the losses alone.
// The plain version is loss() of model/layers/ends.h. Rows are split among threads and their losses
// added in order, so that bits depend on no thread count.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/stored.h"
#include "model/parallel/communicator.h"

namespace isoloss {

struct LogitsShape {
  std::int64_t rows = 0;
  std::int64_t vocabulary = 0;    // of this rank
  std::int64_t first = 0;         // the id of this rank's first logit
  Communicator* ranks = nullptr;  // each has some logits of every row; may be null
};

// Overwrites logits with the gradient of mean cross-entropy + z_loss mean log(Z)^2 and returns the
// mean cross-entropy. Targets are ids of the whole vocabulary.
template <typename Stored>
double cross_entropy_gradient(const LogitsShape& shape, Stored* logits, const std::int64_t* targets,
                              double z_loss);

// Loss of every row and whether its target has the largest logit (the first of equals), of one
// rank's whole vocabulary. Overwrites the logits.
template <typename Real>
void cross_entropy_losses(const LogitsShape& shape, Real* logits, const std::int64_t* targets,
                          float* losses, std::uint8_t* greedy);

}  // namespace isoloss
