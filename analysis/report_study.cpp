#include "analysis/report_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

PointTable read_all(const std::vector<std::filesystem::path>& sources) {
  if (sources.empty()) {
    throw InputError(
        "no study to report (no folder was given); name the folder of a study, or a CSV of points");
  }
  std::error_code error;
  for (const auto& source : sources) {
    if (std::filesystem::is_directory(source, error)) continue;
    if (!std::filesystem::exists(source, error)) {
      throw InputError(
          fmt::format("{}: no study (there is no such folder or file); give the folder that "
                      "`isoloss run` wrote, or a CSV of points",
                      source.string()));
    }
    if (sources.size() > 1) {
      throw InputError(fmt::format(
          "{}: a CSV beside other sources (a report is of study folders or of one CSV); "
          "report it alone",
          source.string()));
    }
    return read_points_csv(source);
  }
  PointTable table = read_points_folder(sources.front(), "exact", true);
  std::set<std::string> seen;
  for (const RunRecord& run : table.runs) seen.insert(run.header.id);
  for (std::size_t i = 1; i < sources.size(); ++i) {
    PointTable more = read_points_folder(sources[i], "exact", true);
    if (more.tokenizer_hash != table.tokenizer_hash || more.held_out_hash != table.held_out_hash) {
      throw InputError(
          fmt::format("{} and {}: one report cannot hold both (their tokenizer or "
                      "held-out text differ, so losses do not compare); report them "
                      "apart",
                      table.source, more.source));
    }
    std::set<std::string> added;
    for (RunRecord& run : more.runs) {
      if (seen.contains(run.header.id)) continue;
      added.insert(run.header.id);
      table.runs.push_back(std::move(run));
    }
    for (Point& point : more.points) {
      if (added.contains(point.run)) table.points.push_back(std::move(point));
    }
    for (Decision& decision : more.decisions) {
      const bool known = std::any_of(table.decisions.begin(), table.decisions.end(),
                                     [&](const Decision& d) { return d.key == decision.key; });
      if (!known) table.decisions.push_back(std::move(decision));
    }
    seen.merge(added);
  }
  return table;
}

std::string chosen_baseline(const std::vector<std::string>& architectures, const std::string& asked,
                            std::vector<std::string>& notes) {
  if (architectures.size() < 2) return "";
  if (std::find(architectures.begin(), architectures.end(), asked) != architectures.end()) {
    return asked;
  }
  if (asked != ReportOptions().baseline) {
    throw InputError(fmt::format("baseline '{}' (the study has no such architecture){}", asked,
                                 suggestion(asked, architectures)));
  }
  notes.push_back(
      fmt::format("The study has no {}; savings are against {}.", asked, architectures.front()));
  return architectures.front();
}

ArchitectureFrontier frontier_of(const StudyResults& study, const std::string& architecture,
                                 bool with_law, const ReportOptions& options) {
  const PointTable& results = study.results;
  ArchitectureFrontier out;
  try {
    OptimaOptions asked;
    asked.frontier.from_budget = options.from_budget;
    asked.draws = options.bootstrap;
    asked.seed = options.seed;
    const std::vector<Point> trials = frontier_trials(results, architecture, asked.frontier);
    out.frontier = compute_frontier(trials, asked.frontier);
    out.optima = optima(trials, *out.frontier, study.seed_noise, asked);
  } catch (const std::runtime_error& error) {
    out.refusal = error.what();
  }
  if (!with_law) return out;
  try {
    FitOptions fit;
    fit.architecture = architecture;
    fit.bootstrap = options.bootstrap;
    fit.seed = options.seed;
    fit.from_budget = options.from_budget;
    out.law = fit_law(results, fit);
  } catch (const std::runtime_error& error) {
    out.refusal = error.what();
  }
  return out;
}

std::vector<Comparison> compare_all(const StudyResults& study, const ReportOptions& options) {
  std::vector<Comparison> out;
  for (const std::string& candidate : study.architectures) {
    std::vector<std::string> baselines;
    if (candidate != study.baseline) baselines.push_back(study.baseline);
    try {
      const std::string best = best_baseline(study.results, candidate, options.from_budget);
      if (candidate != study.baseline && best != study.baseline) baselines.push_back(best);
    } catch (const std::runtime_error&) {
      // The named baseline's comparison says why.
    }
    for (const std::string& baseline : baselines) {
      for (const bool wall_clock : {false, true}) {
        out.push_back(compare(study.results, baseline, candidate, wall_clock, options));
      }
    }
  }
  return out;
}

std::vector<Replicates> replicates_of(const StudyResults& study) {
  using Key = std::tuple<std::string, std::string, double, double, double>;
  const auto or_zero = [](double value) { return std::isnan(value) ? 0 : value; };
  std::map<Key, Replicates> groups;  // as measure_seed_noise has them
  std::vector<Key> order;
  std::set<std::tuple<Key, std::int64_t>> seen;
  for (const Point& point : study.results.points) {
    if (!point.has_seed) continue;
    const double budget = std::isnan(point.budget) ? point.flops : point.budget;
    const Key key{point.architecture, point.size, or_zero(point.parameters), budget,
                  or_zero(point.learning_rate)};
    if (!seen.insert({key, point.seed}).second) continue;
    Replicates& group = groups[key];
    if (group.losses.empty()) {
      group.architecture = point.architecture;
      group.size = point.size;
      group.budget_unit = point.budget_unit;
      group.parameters = point.parameters;
      group.budget = budget;
      group.learning_rate = point.learning_rate;
      order.push_back(key);
    }
    group.losses.push_back(point.loss);
  }
  std::vector<Replicates> out;
  for (const Key& key : order) {
    Replicates group = groups[key];
    const auto n = static_cast<double>(group.losses.size());
    if (n < 2) continue;
    double sum = 0, squares = 0;
    for (const double loss : group.losses) sum += loss;
    group.mean = sum / n;
    for (const double loss : group.losses) squares += (loss - group.mean) * (loss - group.mean);
    group.deviation = std::sqrt(squares / (n - 1));
    const auto place = static_cast<std::size_t>(style_of(study, group.architecture) - 1);
    const double slope = last_slope(study.frontiers[place]);
    group.compute_share = slope < 0 ? std::exp(group.deviation / -slope) - 1
                                    : std::numeric_limits<double>::quiet_NaN();
    out.push_back(std::move(group));
  }
  const auto place = [&](const Replicates& group) {
    return std::tuple(style_of(study, group.architecture), group.size, or_zero(group.parameters),
                      group.budget, or_zero(group.learning_rate));
  };
  std::sort(out.begin(), out.end(),
            [&](const Replicates& a, const Replicates& b) { return place(a) < place(b); });
  return out;
}

nlohmann::json spec_value(const RunHeader& header, const std::vector<std::string>& path) {
  nlohmann::json value = nlohmann::json::parse(header.spec_json, nullptr, false);
  for (const std::string& key : path) {
    if (!value.is_object() || !value.contains(key)) return nullptr;
    nlohmann::json next = value[key];
    value = std::move(next);
  }
  return value;
}

}  // namespace

SavingsOptions savings_options(const Comparison& comparison, const ReportOptions& options) {
  SavingsOptions savings;
  savings.baseline = comparison.baseline;
  savings.candidate = comparison.candidate;
  savings.bootstrap = options.bootstrap;
  savings.seed = options.seed;
  savings.wall_clock = comparison.wall_clock;
  savings.from_budget = options.from_budget;
  return savings;
}

Comparison compare(const PointTable& results, const std::string& baseline,
                   const std::string& candidate, bool wall_clock, const ReportOptions& options) {
  Comparison comparison{baseline, candidate, wall_clock, std::nullopt, ""};
  try {
    comparison.savings = compute_savings(results, savings_options(comparison, options));
  } catch (const std::runtime_error& error) {
    comparison.refusal = error.what();
  }
  return comparison;
}

double last_slope(const ArchitectureFrontier& frontier) {
  if (!frontier.frontier) return std::numeric_limits<double>::quiet_NaN();
  const auto used = frontier.frontier->used();
  if (used.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const FrontierPoint &a = used[used.size() - 2], &b = used.back();
  return (b.loss - a.loss) / std::log(b.flops / a.flops);
}

StudyResults read_study(const std::vector<std::filesystem::path>& sources,
                        const ReportOptions& options) {
  StudyResults study;
  study.all = read_all(sources);
  for (const auto& source : sources) study.sources.push_back(source.string());
  study.name =
      study.from_csv() ? sources.front().stem().string() : study.all.runs.front().header.study;
  study.digest = input_digest(study.all);
  study.results = study.all;
  std::erase_if(study.results.points, [](const Point& point) { return !is_result(point); });
  if (study.results.points.empty()) {
    throw InputError(
        fmt::format("{}: nothing to report yet (no trial has reached a budget); run the "
                    "study further, `isoloss status` shows where it is",
                    study.all.source));
  }
  study.architectures = architectures_of(study.results);
  std::sort(study.architectures.begin(), study.architectures.end());
  study.baseline = chosen_baseline(study.architectures, options.baseline, study.notes);
  if (options.from_budget > 0) {
    study.notes.push_back(
        fmt::format("Budgets below {:g} are shown, not fitted, as this report was asked for.",
                    options.from_budget));
  }
  // The baseline first: runs lie on disk in the order of their hashes, which means nothing.
  std::stable_partition(study.architectures.begin(), study.architectures.end(),
                        [&](const std::string& name) { return name == study.baseline; });
  // What is shown goes by architecture and size; `results` keeps the order that savings are
  // computed in, so that the program's other commands print the same intervals.
  std::sort(study.all.runs.begin(), study.all.runs.end(),
            [&](const RunRecord& a, const RunRecord& b) {
              const auto key = [&](const RunHeader& header) {
                return std::tuple(style_of(study, header.architecture), header.parameters_total,
                                  header.size, header.seed, header.learning_rate);
              };
              return key(a.header) < key(b.header);
            });
  const bool with_law = study.all.floor || study.architectures.size() == 1;
  study.seed_noise = measure_seed_noise(study.results.points);
  for (const std::string& architecture : study.architectures) {
    study.frontiers.push_back(frontier_of(study, architecture, with_law, options));
    study.laws.push_back(fit_architecture(study.results, architecture, options));
  }
  study.scores = read_study_scores(sources);
  study.tasks = study_tasks(study.results, study.scores, options);
  study.replicates = replicates_of(study);
  if (!study.baseline.empty()) study.comparisons = compare_all(study, options);
  return study;
}

std::string spec_text(const RunHeader& header, const std::vector<std::string>& path) {
  const nlohmann::json value = spec_value(header, path);
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() || value.is_discarded() ? "not recorded" : value.dump();
}

double spec_number(const RunHeader& header, const std::vector<std::string>& path) {
  const nlohmann::json value = spec_value(header, path);
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

int style_of(const StudyResults& study, const std::string& architecture) {
  const auto at = std::find(study.architectures.begin(), study.architectures.end(), architecture);
  return static_cast<int>(at - study.architectures.begin()) + 1;
}

const RunRecord* find_run(const StudyResults& study, const std::string& id) {
  for (const RunRecord& run : study.all.runs) {
    if (run.header.id == id) return &run;
  }
  return nullptr;
}

}  // namespace isoloss
