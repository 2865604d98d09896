#include "harness/cli/calibration_text.h"

#include <fmt/format.h>

namespace isoloss {

std::string calibration_text(const Calibration& c) {
  std::string text = fmt::format(
      "prediction intervals on {} leave-future-out folds, {} predictions up to {:.2f} decades on:\n"
      "  level   covered   covered when widened by the other folds\n",
      c.folds.size(), c.predictions, c.decades);
  for (const CalibrationRow& row : c.rows) {
    text += fmt::format("  {:<7g} {:<9.3f} {:.3f}\n", row.level, row.coverage, row.calibrated);
  }
  return text + fmt::format("  predict widens its intervals by {:.3g} (at level {:g})\n", c.factor,
                            c.level);
}

}  // namespace isoloss
