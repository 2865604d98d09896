// The global norm of the gradients, the factor that clips them and whether the step may be taken,
// all left on the device (harness/training/gradient_norm.h is the reference). A norm whose square
// passes float's range within a piece of a tensor counts as not finite.
#pragma once
#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/update_state.h"
#include "model/kernels/cuda/update_table.h"

namespace isoloss::device {

// One pass over the gradients: the sum of squares of each piece (zero where its tensor does not
// count), in the order of the table, at the beginning of its scratch memory; of factored tensors
// also by row and column, which Adafactor's update goes on with.
void measure_gradients(Stream& stream, const UpdateTable& table, const float* gradients,
                       float* scratch);

// state = {norm, loss, limit / norm where norm > limit > 0, whether loss and norm are finite},
// where the norm's square is the sum of `squares` [pieces]. `input` is the step's, on the device;
// where it is behind another, `state` holds what that one left.
void finish_gradient_norm(Stream& stream, std::int64_t pieces, const float* squares,
                          const float* loss, double limit, const UpdateInput* input,
                          UpdateState* state);

}  // namespace isoloss::device
