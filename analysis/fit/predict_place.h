// Where a law is asked: what is given of size, tokens and compute, and what follows from it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "analysis/fit/stored_fit.h"
#include "analysis/laws/law.h"

namespace isoloss {

// Where: size and tokens, or a budget alone (then the size is the one the law likes best), or for a
// law of both one of them alone (then the other is its compute-optimal partner).
struct Place {
  std::optional<double> parameters = {}, tokens = {}, flops = {}, unique_tokens = {};
  // Whose loss, where the fit's floors are pinned by evaluation set; empty for every other fit.
  std::string evaluation = {};
};

// NaN where neither given nor asked for by the law.
struct Located {
  double parameters = kNone, tokens = kNone, flops = kNone, unique = kNone;
};

// InputError naming what is given and is no number above zero.
void require_positive(const Place& place);

// InputError where unique tokens are given to a law that knows no repeated data.
void refuse_unique_tokens(const std::string& law, const Place& place);

// What is not given follows from the rest, as `notes` then say: D = C / 6N and the like (Kaplan et
// al. 2020), the size that the law likes best for a budget, looked for about the sizes that the fit
// was of, or the best partner of a size or a token count. `raw`: the law as it is printed.
// InputError for what the law needs besides, and for what would change nothing.
Located located(const StoredFit& fit, const Law& law, const LawState& raw, const Place& place,
                std::vector<std::string>& notes);

// The law's regressors there.
std::vector<double> regressors_of(const Law& law, const Located& at);

}  // namespace isoloss
