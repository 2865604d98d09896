// Options that `fit` and `savings` share: the objective's words on the command line.
#pragma once
#include <string>

#include "analysis/fit/fit.h"

namespace isoloss {

// huber, squares, lad or asymmetric_huber; InputError with the nearest otherwise.
ObjectiveKind objective_named(const std::string& name);
// log or linear.
FitSpace space_named(const std::string& name);
// none, quick or full.
CertificateEffort certificate_effort_named(const std::string& name);
// free, zero, a number, or SET=NUMBER,... for floors pinned by evaluation set.
FloorChoice floor_named(const std::string& name);

}  // namespace isoloss
