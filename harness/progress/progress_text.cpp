#include "harness/progress/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace isoloss {

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(std::llround(std::max(seconds, 0.0)));
  if (whole < 100) return fmt::format("{} s", whole);
  const long minutes = (whole + 30) / 60;
  if (minutes < 100) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string rank_line(const RankReport& report) {
  if (report.run.empty()) return fmt::format("rank {}  waiting", report.rank);
  return fmt::format("rank {}  {} {}  seed {}  lr {:g}  step {}/{}  {:.1f}k tokens/s  loss {:.3f}",
                     report.rank, report.architecture, report.size, report.seed,
                     report.learning_rate, report.step, report.to_step,
                     report.tokens_per_second / 1000, report.loss);
}

std::string tally_line(const StudyTally& tally) {
  std::string line = fmt::format("{} of {} trials", tally.trials_done, tally.trials);
  if (tally.trials_failed > 0) line += fmt::format(" ({} failed)", tally.trials_failed);
  if (tally.total_flops > 0) {
    line += fmt::format("  {:.0f} %", std::min(100.0, 100 * tally.done_flops / tally.total_flops));
  }
  if (const auto eta = tally.eta_seconds()) {
    line +=
        fmt::format("  {:.1e} FLOP/s  about {} left", tally.flops_per_second, duration_text(*eta));
  }
  return line;
}

}  // namespace isoloss
