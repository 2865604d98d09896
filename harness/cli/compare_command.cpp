// `isoloss compare`: two models on the same items of one-shot tasks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/numbers/json_number.h"
#include "analysis/scores/paired_scores.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/compared_sides.h"
#include "harness/cli/compared_trials.h"
#include "harness/cli/print_json.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

// What was asked for and what there is of it.
struct Sides {
  SideScores baseline, candidate;
  UnreadTasks unread;
};

struct Compared {
  std::vector<PairedScores> pairs;
  std::vector<const TaskScores*> baseline, candidate;  // of each pair
  std::vector<std::string> left_out;                   // "TASK (PROFILE): why"
};

// InputError with the nearest: a task that neither side has scores of.
void require_scored(const std::vector<std::string>& wanted, const Sides& sides) {
  std::vector<std::string> known;
  const auto add = [&](const auto& tasks) {
    for (const auto& [name, of_it] : tasks)
      if (std::ranges::find(known, name.first) == known.end()) known.push_back(name.first);
  };
  add(sides.baseline);
  add(sides.candidate);
  add(sides.unread);
  for (const std::string& task : wanted)
    if (std::ranges::find(known, task) == known.end())
      throw InputError(fmt::format("task '{}' (neither side has scores of it){}", task,
                                   suggestion(task, known)));
}

// InputError where a file that cannot be read leaves nothing to compare.
Compared compare_sides(const Sides& sides, const std::vector<std::string>& wanted,
                       const PairedOptions& options) {
  require_scored(wanted, sides);
  const auto& [baseline, candidate, unread] = sides;
  const auto skipped = [&](const TaskName& name) {
    return unread.contains(name) ||
           (!wanted.empty() && std::ranges::find(wanted, name.first) == wanted.end());
  };
  Compared all;
  for (const auto& [name, scores] : baseline) {
    const auto& [task, profile] = name;
    if (skipped(name)) continue;
    const auto other = candidate.find(name);
    try {
      if (other == candidate.end()) throw InputError("the candidate has no scores of it");
      all.pairs.push_back(compare_scores(*scores, *other->second, options));
      all.baseline.push_back(scores);
      all.candidate.push_back(other->second);
    } catch (const InputError& error) {
      all.left_out.push_back(fmt::format("{} ({}): {}", task, profile, error.what()));
    }
  }
  for (const auto& [name, scores] : candidate)
    if (!baseline.contains(name) && !skipped(name))
      all.left_out.push_back(
          fmt::format("{} ({}): the baseline has no scores of it", name.first, name.second));
  for (const auto& [name, why] : unread) {
    if (!wanted.empty() && std::ranges::find(wanted, name.first) == wanted.end()) continue;
    if (all.pairs.empty()) throw InputError(why);
    all.left_out.push_back(fmt::format("{} ({}): {}", name.first, name.second, why));
  }
  return all;
}

nlohmann::ordered_json json_of(const PairedScores& pair, const TaskScores& baseline,
                               const TaskScores& candidate, const PointTable& results) {
  nlohmann::ordered_json mcnemar = nullptr;
  if (pair.mcnemar)
    mcnemar = {{"baseline_only", pair.mcnemar->baseline_only},
               {"candidate_only", pair.mcnemar->candidate_only},
               {"p", pair.mcnemar->p}};
  return {{"task", pair.task},
          {"profile", pair.profile},
          {"metric", pair.metric},
          {"items", pair.items},
          {"clusters", pair.clusters},
          {"baseline", pair.baseline},
          {"candidate", pair.candidate},
          {"difference", pair.difference},
          {"standard_error", json_number(pair.standard_error)},
          {"interval", json_interval(pair.interval)},
          {"p", json_number(pair.bootstrap_p)},
          {"mcnemar", mcnemar},
          {"baseline_trial", trial_json(baseline, results)},
          {"candidate_trial", trial_json(candidate, results)}};
}

void print_pairs(const Compared& all, double level) {
  if (all.pairs.empty()) return;
  fmt::print("{:<16} {:<8} {:<14} {:>6} {:>9} {:>9} {:>10} {:>22} {:>7} {:>10}\n", "task",
             "profile", "metric", "n", "baseline", "candidate", "difference",
             fmt::format("{:g} % interval", 100 * level), "p", "McNemar p");
  for (const PairedScores& pair : all.pairs)
    fmt::print("{:<16} {:<8} {:<14} {:>6} {:>9.4f} {:>9.4f} {:>+10.4f} {:>22} {:>7} {:>10}\n",
               pair.task, pair.profile, pair.metric, pair.items, pair.baseline, pair.candidate,
               pair.difference,
               pair.interval
                   ? fmt::format("{:+.4f} to {:+.4f}", pair.interval->first, pair.interval->second)
                   : "",
               std::isnan(pair.bootstrap_p) ? "" : fmt::format("{:.3f}", pair.bootstrap_p),
               pair.mcnemar ? fmt::format("{:.4f}", pair.mcnemar->p) : "");
}

void print_trials(const char* side, const std::vector<const TaskScores*>& scores,
                  const PointTable& results) {
  for (const std::string& trial : trial_lines(side, scores, results)) fmt::print("{}\n", trial);
}

PairedOptions options_of(const CommandLine& line) {
  PairedOptions options;
  if (line.has("metric")) options.metric = line.get<std::string>("metric");
  options.draws = line.get<int>("bootstrap");
  options.level = line.get<double>("level");
  options.seed = line.get<std::uint64_t>("seed");
  if (options.draws < 1)
    throw InputError("--bootstrap is below 1 (nothing would be drawn); give 1000");
  if (!(options.level > 0 && options.level < 1))
    throw InputError("--level is not between 0 and 1; give one such as 0.95");
  return options;
}

}  // namespace

int compare_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss compare [DIR] --baseline A --candidate B [options]",
      "Compares two models on the same items of one-shot tasks: McNemar's exact test and a "
      "bootstrap of whole passages. Of a study DIR, A and B are architectures (each at its best "
      "size of the largest budget that both scored) or trials; without it, folders of isoloss "
      "eval --out.",
      "isoloss compare results/runs/mine --baseline transformer --candidate primer");
  line.add()("baseline", po::value<std::string>(), "architecture, trial or folder")(
      "candidate", po::value<std::string>(), "likewise")(
      "task", po::value<std::vector<std::string>>()->multitoken(), "these tasks alone")(
      "metric", po::value<std::string>(), "instead of each task's own")(
      "bootstrap", po::value<int>()->default_value(1000), "resamples of passages")(
      "level", po::value<double>()->default_value(0.95, "0.95"), "of the intervals")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of the resamples")(
      "json", "one JSON object on standard output");
  line.positional("DIR", CommandLine::Arity::Optional);
  if (!line.parse(arguments)) return 0;
  const PairedOptions options = options_of(line);
  std::vector<std::string> names;
  for (const char* side : {"baseline", "candidate"}) {
    if (!line.has(side))
      throw InputError(fmt::format("--{} is missing (two are compared); name both", side));
    names.push_back(line.get<std::string>(side));
  }
  if (names[0] == names[1])
    throw InputError(
        fmt::format("baseline and candidate are both '{}' (nothing to compare); name "
                    "two",
                    names[0]));
  std::optional<StudySides> study;
  std::vector<TaskScores> first, second;
  Sides sides;
  PointTable results;
  if (line.has("DIR")) {
    study.emplace(line.get<std::string>("DIR"));
    const std::vector<SideScores> both = study->sides(names);
    sides = {both[0], both[1], study->unread(names)};
    results = study->results();
  } else {
    first = scores_in_folder(names[0], sides.unread);
    second = scores_in_folder(names[1], sides.unread);
    sides.baseline = latest_scores(first);
    sides.candidate = latest_scores(second);
  }
  const auto wanted =
      line.has("task") ? line.get<std::vector<std::string>>("task") : std::vector<std::string>();
  const Compared all = compare_sides(sides, wanted, options);
  if (line.has("json")) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < all.pairs.size(); ++i)
      rows.push_back(json_of(all.pairs[i], *all.baseline[i], *all.candidate[i], results));
    print_json(nlohmann::ordered_json{{"baseline", names[0]},
                                      {"candidate", names[1]},
                                      {"comparisons", rows},
                                      {"left_out", all.left_out}});
  } else {
    print_pairs(all, options.level);
    print_trials("baseline", all.baseline, results);
    print_trials("candidate", all.candidate, results);
    for (const std::string& left : all.left_out) tell(left);
  }
  if (!all.pairs.empty()) return 0;
  throw WorkError(
      "no task was compared (none is scored for both sides with the same cards and data); score "
      "both with isoloss eval");
}

}  // namespace isoloss
