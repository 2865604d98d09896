#include "harness/study/run_restart.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "harness/files/run_storage.h"
#include "model/spec/error.h"
#include "results/code_version.h"
#include "results/journal.h"
#include "results/set_aside.h"

namespace isoloss {
namespace {

BudgetUnit unit_named(const std::string& name) {
  for (const BudgetUnit unit : {BudgetUnit::Tokens, BudgetUnit::TokensPerParameter}) {
    if (name == name_of(unit)) return unit;
  }
  return BudgetUnit::Flops;
}

// Its journal repeats what the run file holds: a damaged one costs time alone.
RunRecord curve_again(const std::filesystem::path& journal, bool damaged) {
  return !damaged && std::filesystem::exists(journal) ? journal_record(read_journal(journal))
                                                      : RunRecord{};
}

// What is wrong with the run's own files is no bad input of the study: other runs go on.
RunRecord stored_run(const StudyFolder& folder, const std::string& id,
                     const std::function<void(const std::string&)>& warn) {
  try {
    return load_usable_run(folder, id, warn).value_or(RunRecord{});
  } catch (const InputError& problem) {
    throw std::runtime_error(problem.what());
  }
}

// A branch's curve begins with its trunk's, whose evaluations are the trunk's own.
RunRecord trunk_curve(const StudyFolder& folder, const std::string& trunk) {
  RunRecord stored = stored_run(folder, trunk, [](const std::string&) {});
  RunRecord record;
  record.header.code_version = std::move(stored.header.code_version);
  record.steps = std::move(stored.steps);
  return record;
}

// Versions may differ in the order of sums, or in more; nobody is kept from going on.
void warn_of_other_code(const std::string& version, const WorkItem& item, std::int64_t step,
                        const std::function<void(const std::string&)>& warn) {
  if (version.empty() || version == code_version()) return;
  const std::string& trained = item.trunk.empty() ? item.id : item.trunk;
  warn(fmt::format(
      "run {} was trained to step {} by isoloss {}; {} with isoloss {}, and its "
      "numbers may differ from those of one version",
      trained, step, version,
      item.trunk.empty() ? "it goes on" : fmt::format("run {} leaves it there", item.id),
      code_version()));
}

}  // namespace

RunRecord cut_record(RunRecord record, std::int64_t first, std::int64_t last) {
  const auto outside = [=](const auto& event) { return event.step < first || event.step > last; };
  std::erase_if(record.steps, outside);
  std::erase_if(record.evaluations, outside);
  std::erase_if(record.scores, outside);
  return record;
}

RunRestart find_restart(const StudyFolder& folder, const WorkItem& item,
                        const std::function<void(const std::string&)>& warn) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  RunRestart restart;
  std::string damage;  // of the journal
  const RunRecord stored =
      stored_run(folder, item.id, [&](const std::string& problem) { damage = problem; });
  restart.again = item.from_step == 0 && std::filesystem::exists(folder.run_file(item.id));
  restart.checkpoints = restart.again ? folder.run(item.id) / "again" : folder.run(item.id);
  if (!item.trunk.empty()) {
    restart.checkpoint =
        load_checkpoint_of(folder.run(item.trunk), item.trunk, item.from_step, warn);
  } else if (restart.again || item.from_step > 0) {
    restart.checkpoint = load_checkpoint(restart.checkpoints, item.id, warn);
    if (restart.step() > item.to_step) restart.checkpoint.reset();
  }
  RunRecord curve =
      item.trunk.empty()
          ? restart.again ? curve_again(folder.journal(item.id), !damage.empty()) : stored
          : trunk_curve(folder, item.trunk);
  if (last_step(curve) < restart.step()) {
    if (item.trunk.empty() && !restart.again)
      throw std::runtime_error(fmt::format(
          "its steps before checkpoint {} are not there ({}); `isoloss repair` mends the folder, "
          "and `run --retry-failed` goes on",
          restart.step(), damage.empty() ? "no run file holds them" : damage));
    restart.checkpoint.reset();
  }
  const std::int64_t step = restart.step();
  if (!damage.empty()) {
    set_aside(folder.journal(item.id));
    warn(fmt::format("{}; it is set aside, and run {} goes on from {}", damage, item.id,
                     step == 0 ? "its start" : fmt::format("step {}", step)));
  }
  if (step < item.from_step)
    warn(fmt::format(
        "run {} goes on from {} (no whole checkpoint of step {} is left); the steps "
        "between are trained again",
        item.id, step == 0 ? "its start" : fmt::format("step {}", step), item.from_step));
  if (step > 0) warn_of_other_code(curve.header.code_version, item, step, warn);
  restart.record = cut_record(std::move(curve), 1, step);
  restart.record.state = RunState::Running;
  if (restart.again) restart.later = cut_record(stored, item.to_step + 1, kEnd);
  restart.stops = item.stops;
  for (const Evaluation& evaluation : stored.evaluations) {
    const EvaluationStop stop{evaluation.step, evaluation.budget,
                              unit_named(evaluation.budget_unit)};
    const auto same = [&](const EvaluationStop& other) {
      return other.step == stop.step && other.budget == stop.budget && other.unit == stop.unit;
    };
    if (stop.step > step && stop.step <= item.to_step &&
        std::ranges::none_of(restart.stops, same)) {
      restart.stops.push_back(stop);
    }
  }
  std::ranges::stable_sort(restart.stops, {}, &EvaluationStop::step);
  const auto at_checkpoint = [&](const auto& event) { return event.step == step; };
  restart.measure_first = std::ranges::any_of(restart.stops, at_checkpoint);
  if (restart.measure_first) {
    std::erase_if(restart.record.evaluations, at_checkpoint);
    std::erase_if(restart.record.scores, at_checkpoint);
  }
  return restart;
}

}  // namespace isoloss
