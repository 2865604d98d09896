// Whether what was read of a printed fit can be one: a file that was cut or edited is refused
// instead of computed on.
#pragma once
#include <string>

#include "analysis/fit/stored_fit.h"

namespace isoloss {

// InputError naming the file `name` and the key: parameters that the law cannot have, ranges that
// are missing or hold nothing, a basis of another law or with a covariance that none is.
void check_stored_fit(const StoredFit& fit, const std::string& name);

}  // namespace isoloss
