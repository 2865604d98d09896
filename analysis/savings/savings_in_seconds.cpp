// Savings in wall-clock seconds beside those in FLOPs.
#include "analysis/points/flag.h"
#include "analysis/savings/savings.h"
#include "model/spec/error.h"

namespace isoloss {

std::optional<Savings> savings_in_seconds(const PointTable& table, SavingsOptions options,
                                          Savings& savings) {
  if (options.wall_clock) return std::nullopt;
  for (const Point& p : table.points) {
    const bool compared = p.architecture == options.baseline || p.architecture == options.candidate;
    if (compared && is_result(p) && !(p.budget < options.from_budget) && !(p.wall_seconds > 0)) {
      return std::nullopt;
    }
  }
  options.wall_clock = true;
  options.at.clear();
  for (const SavingsAt& at : savings.at) options.at.push_back(at.loss);
  try {
    return compute_savings(table, options);
  } catch (const WorkError& error) {
    savings.flags.push_back(flag_text(Flag::WallClockRefused, error.what()));
  } catch (const InputError& error) {  // a floor in seconds above a loss asked for
    savings.flags.push_back(flag_text(Flag::WallClockRefused, error.what()));
  }
  return std::nullopt;
}

}  // namespace isoloss
