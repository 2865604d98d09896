// The global norm of the gradients, over the tensors of the table (padding left out), and clipping
// by it. Sums run in double over fixed lanes, so that bits depend on no thread count.
#pragma once
#include <span>

#include "model/spec/parameters.h"

namespace isoloss {

// Euclidean norm over all tensors; not finite where a gradient is not.
template <typename Real>
double global_norm(const ParameterTable& table, std::span<const Real> gradients);

// Scales the gradients by limit / norm where norm > limit > 0; leaves them alone otherwise.
template <typename Real>
void clip_gradients(std::span<Real> gradients, double norm, double limit);

}  // namespace isoloss
