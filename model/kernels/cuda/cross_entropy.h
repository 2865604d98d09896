// Cross-entropy with z-loss over a chunk of rows of logits, its gradient in place of the logits:
// with log Z the log-sum-exp of a row, the chunk's part of
//   weight * (sum over rows of (log Z - logit of the target) + z_loss sum of log(Z)^2)
// so that with weight = 1 / (rows of the step) chunks add up to the mean's gradient. Logits are T
// (float or Bf16); a row is read twice and written once, and nothing of a chunk is held in float.
#pragma once
#include <cstdint>

#include "model/kernels/cuda/device.h"

namespace isoloss::device {

struct LogitsShape {
  std::int64_t rows = 0;
  std::int64_t vocabulary = 0;
  std::int64_t stride = 0;  // from a row to the next, a multiple of 8, else InputError; columns
                            // from the vocabulary's end on are not read, and zero in the gradient
  std::int64_t first = 0;   // id of the first column, where ranks share the vocabulary
};

// logits [rows, stride] become their gradient; losses [rows] = log Z - logit of the target, without
// z-loss.
template <typename T>
void cross_entropy_gradient(Stream& stream, const LogitsShape& shape, T* logits,
                            const std::int32_t* targets, float weight, float z_loss, float* losses);

// The losses alone; logits stay as they are.
template <typename T>
void cross_entropy_losses(Stream& stream, const LogitsShape& shape, const T* logits,
                          const std::int32_t* targets, float* losses);

// Where ranks share the vocabulary, each has the logits of its ids. part [2, rows] is what others
// want of a rank's: log of its sum of exp, and the target's logit, zero where that is another's.
template <typename T>
void cross_entropy_part(Stream& stream, const LogitsShape& shape, const T* logits,
                        const std::int32_t* targets, float* part);

// The two above from the parts of all ranks, [ranks, 2, rows] by rank.
template <typename T>
void cross_entropy_gradient(Stream& stream, const LogitsShape& shape, std::int64_t ranks,
                            const float* parts, T* logits, const std::int32_t* targets,
                            float weight, float z_loss, float* losses);
void cross_entropy_losses(Stream& stream, std::int64_t rows, std::int64_t ranks, const float* parts,
                          float* losses);

// mean [1] = the mean of losses [rows], added up in double in an order that `rows` alone sets.
void mean_loss(Stream& stream, std::int64_t rows, const float* losses, float* mean);

}  // namespace isoloss::device
