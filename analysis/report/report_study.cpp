#include "analysis/report/report_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

#include "analysis/fit/fit_points.h"
#include "analysis/points/comparable_rows.h"
#include "analysis/report/report_plot_parts.h"
#include "analysis/report/report_sources.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

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
    fit.calibrate = true;
    fit.certify = CertificateEffort::Quick;
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

// A damaged one is `verify`'s to name: no other number of the report rests on it.
std::vector<StudyMakespan> read_makespans(const std::vector<std::filesystem::path>& sources) {
  std::vector<StudyMakespan> makespans;
  for (const auto& source : sources) {
    try {
      if (const auto makespan = read_study_makespan({source})) makespans.push_back(*makespan);
    } catch (const InputError&) {
    }
  }
  return makespans;
}

// Says so where an architecture has more trials than plots hold, or than are profiled.
void note_selection(StudyResults& study) {
  const auto more_than = [&](const std::vector<Point>& points, std::ptrdiff_t most) {
    return std::ranges::any_of(study.architectures, [&](const std::string& name) {
      return std::ranges::count(points, name, &Point::architecture) > most;
    });
  };
  if (more_than(study.all.points, static_cast<std::ptrdiff_t>(kMostDrawn))) {
    study.notes.push_back(
        fmt::format("Of {} trials plots and their CSVs hold an even selection, at most {} of an "
                    "architecture; laws and savings are of all.",
                    study.all.points.size(), kMostDrawn));
  }
  if (more_than(study.results.points, kMostPointsProfiled)) {
    study.notes.push_back(fmt::format(
        "Of more than {} trials of an architecture no profile of the exponents is drawn.",
        kMostPointsProfiled));
  }
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
                        const ReportOptions& options, std::optional<PointTable> points) {
  StudyResults study;
  study.all = points ? *std::move(points) : read_sources(sources);
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
  // One page, one meaning of a loss and of a FLOP: also where no law or comparison would refuse.
  require_one_convention(study.results, result_rows(study.results, {}, 0));
  study.architectures = architectures_of(study.results);
  std::sort(study.architectures.begin(), study.architectures.end());
  study.baseline = chosen_baseline(study.architectures, options.baseline, study.notes);
  if (options.from_budget > 0) {
    study.notes.push_back(
        fmt::format("Budgets below {:g} are shown, not fitted, as this report was asked for.",
                    options.from_budget));
  }
  note_selection(study);
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
  StudyScores stored = read_study_scores(sources);
  study.scores = std::move(stored.scores);
  for (const UnreadScores& file : stored.unread) study.unread_scores.push_back(file.why);
  const bool with_law = study.all.floor || study.architectures.size() == 1;
  study.seed_noise = measure_seed_noise(study.results.points);
  for (const std::string& architecture : study.architectures) {
    study.frontiers.push_back(frontier_of(study, architecture, with_law, options));
    study.laws.push_back(fit_architecture(study.results, architecture, options));
  }
  study.failed = read_failed_runs(sources);
  study.makespans = read_makespans(sources);
  study.tasks = study_tasks(study.results, study.scores, options);
  study.replicates = replicates_of(study);
  if (!study.baseline.empty()) study.comparisons = compare_all(study, options);
  return study;
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
