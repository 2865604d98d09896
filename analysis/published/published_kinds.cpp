#include "analysis/published/published_kinds.h"

namespace isoloss {

std::span<const CheckKind> check_kinds() {
  static const std::vector<CheckKind> kinds{
      {"ratio", {"of", "over", "printed"}, {"times"}, check_ratio},
      {"sum", {"plus", "printed"}, {"minus", "times"}, check_sum},
      {"mean", {"column", "printed"}, {"table", "where", "without", "within", "names"}, check_mean},
      {"count", {"printed"}, {"table", "where", "without"}, check_count},
      {"t_test",
       {"baseline", "candidate", "names", "mean", "deviation", "draws", "printed"},
       {"where", "without", "level", "mark"},
       check_t_test},
      {"equal_loss", {"model", "baseline", "budget", "loss", "printed"}, {}, check_equal_loss},
      {"line_shift",
       {"lines", "baseline", "candidate", "coefficient", "exponent", "at", "printed"},
       {},
       check_line_shift},
      {"break_even", {"cost", "spent", "whole", "invested", "printed"}, {}, check_break_even},
      {"agreement", {"names", "column", "with"}, {"table", "where", "without"}, check_agreement},
      {"not_recomputable", {"reason", "printed"}, {}, check_not_recomputable},
  };
  return kinds;
}

CheckResult check_not_recomputable(const CheckInput& input) {
  return {{cannot(claim_of(input), read_cell(input, spec_object(input.spec, "printed")),
                  spec_string(input.spec, "reason"))},
          {}};
}

}  // namespace isoloss
