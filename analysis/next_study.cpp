#include "analysis/next_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <tuple>

#include "analysis/budget_groups.h"
#include "analysis/frontier_curve.h"
#include "analysis/seed_noise.h"
#include "analysis/statistics.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr double kPower = 0.8;
constexpr double kExaflop = 1e18;
constexpr int kSeeds[] = {2, 3, 4, 6, 8, 12};

struct Study {
  std::vector<Point> baseline, candidate;
  double added_flops = 0;
  int added_runs = 0;

  std::vector<Point> trials() const {
    std::vector<Point> all = baseline;
    all.insert(all.end(), candidate.begin(), candidate.end());
    return all;
  }
};

struct Answer {
  double savings = 0, growth = 0;  // logarithms
};

// What is planned for, and how it is computed from losses.
struct StudyQuestion {
  const SavingsOptions& options;
  const Savings& savings;
  double loss = 0;

  // Trials and losses: the baseline's first.
  Answer answer(std::span<const Point> trials, std::size_t baseline_count,
                std::span<const double> losses) const {
    const FrontierOptions same = savings_frontier_options(options, savings.frontier);
    const std::size_t n = baseline_count;
    const FrontierCurve b(
        compute_frontier(trials.first(n), losses.first(n), same, &savings.baseline_frontier)
            .used());
    const FrontierCurve c(
        compute_frontier(trials.subspan(n), losses.subspan(n), same, &savings.candidate_frontier)
            .used());
    if (!b.valid() || !c.valid()) return {kNone, kNone};
    const auto at = [&](double where) { return b.log_compute(where) - c.log_compute(where); };
    return {at(loss), at(savings.overlap.first) - at(savings.overlap.second)};
  }
};

// Variances of the logarithms, to first order.
Answer variances(const StudyQuestion& question, const Study& study) {
  const SeedNoise& noise = question.savings.seed_noise;
  const std::vector<Point> trials = study.trials();
  const std::size_t baseline_count = study.baseline.size();
  std::vector<double> losses;
  for (const Point& p : trials) losses.push_back(p.loss);
  // Trials of one place and budget count alike: one difference serves them all.
  std::map<std::pair<SeedFamily, double>, Answer> slopes;
  const double step = std::max(noise.deviation / 2, 1e-9);
  std::vector<Answer> slope(trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const auto [known, added] =
        slopes.try_emplace({seed_family(trials[i]), budget_of(trials[i])}, Answer{});
    if (added) {
      const double here = losses[i];
      losses[i] = here + step;
      const Answer up = question.answer(trials, baseline_count, losses);
      losses[i] = here - step;
      const Answer down = question.answer(trials, baseline_count, losses);
      losses[i] = here;
      known->second = {(up.savings - down.savings) / (2 * step),
                       (up.growth - down.growth) / (2 * step)};
    }
    slope[i] = known->second;
  }
  Answer variance;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    for (std::size_t j = 0; j < trials.size(); ++j) {
      if (!same_run(trials[i], trials[j])) continue;
      const double covariance = seed_covariance(noise, trials[i], trials[j]);
      variance.savings += slope[i].savings * slope[j].savings * covariance;
      variance.growth += slope[i].growth * slope[j].growth * covariance;
    }
  }
  const std::size_t sequences = LossDraws(trials, noise, 0).sequences();
  Answer sum, squares;
  for (std::size_t s = 0; s < sequences; ++s) {
    Answer here;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      here.savings += slope[i].savings * static_cast<double>(trials[i].sequence_losses[s]);
      here.growth += slope[i].growth * static_cast<double>(trials[i].sequence_losses[s]);
    }
    sum.savings += here.savings;
    sum.growth += here.growth;
    squares.savings += here.savings * here.savings;
    squares.growth += here.growth * here.growth;
  }
  if (sequences > 0) {
    const auto n = static_cast<double>(sequences);
    variance.savings += (squares.savings - sum.savings * sum.savings / n) / (n * n);
    variance.growth += (squares.growth - sum.growth * sum.growth / n) / (n * n);
  }
  return variance;
}

// The runs of one place, each with its evaluations.
struct Seeds {
  SeedFamily place;
  bool of_candidate = false;
  std::vector<std::vector<Point>> runs;
  std::int64_t next = 0;  // a seed not used yet
};

std::vector<Seeds> places_of(const Study& study) {
  std::vector<Seeds> places;
  for (const bool of_candidate : {false, true}) {
    for (const Point& p : of_candidate ? study.candidate : study.baseline) {
      const SeedFamily here = seed_family(p);
      auto place = std::find_if(places.begin(), places.end(),
                                [&](const Seeds& known) { return known.place == here; });
      if (place == places.end())
        place = places.insert(places.end(), Seeds{here, of_candidate, {}, 0});
      place->next = std::max(place->next, p.seed + 1);
      auto run = std::find_if(place->runs.begin(), place->runs.end(),
                              [&](const auto& members) { return members.front().seed == p.seed; });
      if (run == place->runs.end()) run = place->runs.emplace(place->runs.end());
      run->push_back(p);
    }
  }
  return places;
}

// FLOPs of all evaluations of a seed: budgets of one run are spent once.
double flops_of(const std::vector<Point>& evaluations) {
  std::map<std::string, double> by_run;
  for (const Point& p : evaluations) by_run[p.run] = std::max(by_run[p.run], p.flops);
  double flops = 0;
  for (const auto& [run, spent] : by_run) flops += spent;
  return flops;
}

// One more seed of a place, at the losses that the place has on average.
void add_seed(const Seeds& place, std::int64_t seed, Study& study) {
  const std::vector<Point>& longest =
      *std::max_element(place.runs.begin(), place.runs.end(),
                        [](const auto& a, const auto& b) { return a.size() < b.size(); });
  study.added_flops += flops_of(longest);
  ++study.added_runs;
  for (Point p : longest) {
    double sum = 0, count = 0;
    for (const std::vector<Point>& run : place.runs) {
      for (const Point& other : run) {
        if (budget_of(other) != budget_of(p)) continue;
        sum += other.loss;
        ++count;
      }
    }
    p.loss = sum / count;
    p.seed = seed;
    p.run += fmt::format(" seed {}", seed);
    (place.of_candidate ? study.candidate : study.baseline).push_back(std::move(p));
  }
}

// Sizes that are best at a budget, or beside one that is.
std::set<SeedFamily> near_optimum(const Study& study, const SavingsOptions& options) {
  std::set<SeedFamily> near;
  for (const std::vector<Point>* trials : {&study.baseline, &study.candidate}) {
    std::vector<double> losses;
    for (const Point& p : *trials) losses.push_back(p.loss);
    for (const BudgetGroup& group : budget_groups(*trials, losses, options.embeddings)) {
      const std::size_t best = best_size(group);
      const std::size_t first = best == 0 ? 0 : best - 1;
      for (std::size_t i = first; i < std::min(best + 2, group.sizes.size()); ++i) {
        near.insert(seed_family((*trials)[group.sizes[i].members.front()]));
      }
    }
  }
  return near;
}

struct Widths {
  double savings = 0, growth = 0, resolved_percent = 0;
};

Widths widths_of(const StudyQuestion& question, const Study& study) {
  const Answer variance = variances(question, study);
  const double degrees = question.savings.seed_noise.degrees + study.added_runs;
  const double factor = student_factor(degrees, question.options.level);
  const double power = student_factor(degrees, 2 * kPower - 1);
  const double deviation = std::sqrt(variance.savings);
  return {factor * deviation, factor * std::sqrt(variance.growth),
          100 * std::expm1((factor + power) * deviation)};
}

SeedPlan seed_plan(const StudyQuestion& question, const Study& base, const std::vector<Seeds>& places,
                   const std::set<SeedFamily>* of, int seeds) {
  Study study = base;
  for (const Seeds& place : places) {
    if (of && !of->contains(place.place)) continue;
    const auto have = static_cast<int>(place.runs.size());
    for (int more = have; more < seeds; ++more) add_seed(place, place.next + more - have, study);
  }
  SeedPlan plan;
  plan.sizes = of ? "near the optimum" : "all";
  plan.seeds = seeds;
  plan.runs = study.added_runs;
  plan.flops = study.added_flops;
  if (plan.runs == 0) return plan;
  const Widths widths = widths_of(question, study);
  plan.half_width = widths.savings;
  plan.resolved_percent = widths.resolved_percent;
  return plan;
}

}  // namespace

NextStudy plan_next_study(const PointTable& table, const SavingsOptions& options,
                          const Savings& savings, double percent) {
  if (!(percent > 0) || !std::isfinite(percent)) {
    throw InputError(fmt::format(
        "saving to resolve {} % (must be above zero); give a percentage like 20", percent));
  }
  if (options.exponent) {
    throw InputError(
        "a study to resolve a saving with the exponent given (it plans for savings between "
        "frontiers); leave one of the two out");
  }
  NextStudy next;
  next.percent = percent;
  next.loss = middle_loss(savings).loss;
  if (!savings.seed_noise.measured) return next;
  const StudyQuestion question{options, savings, next.loss};
  const FrontierOptions asked = savings_frontier_options(options, savings.frontier);
  Study base;
  base.baseline = frontier_trials(table, options.baseline, asked);
  base.candidate = frontier_trials(table, options.candidate, asked);
  const std::vector<Seeds> places = places_of(base);
  const Widths now = widths_of(question, base);
  next.half_width = now.savings;
  next.resolved_percent = now.resolved_percent;
  const std::set<SeedFamily> near = near_optimum(base, options);
  for (const std::set<SeedFamily>* of : {static_cast<const std::set<SeedFamily>*>(nullptr), &near}) {
    for (const int seeds : kSeeds) {
      SeedPlan plan = seed_plan(question, base, places, of, seeds);
      plan.resolves = plan.resolved_percent <= percent;
      if (plan.runs > 0) next.seeds.push_back(std::move(plan));
    }
  }
  for (const Seeds& place : places) {
    Study study = base;
    add_seed(place, place.next, study);
    const Widths then = widths_of(question, study);
    NextRun run;
    std::tie(run.architecture, run.size, run.parameters, std::ignore) = place.place;
    run.flops = study.added_flops;
    run.shrinks = 1 - then.savings / now.savings;
    run.growth_shrinks = 1 - then.growth / now.growth;
    run.shrinks_per_exaflop = run.shrinks / (run.flops / kExaflop);
    next.runs.push_back(std::move(run));
  }
  std::stable_sort(next.runs.begin(), next.runs.end(), [](const NextRun& a, const NextRun& b) {
    return a.shrinks_per_exaflop > b.shrinks_per_exaflop;
  });
  return next;
}

nlohmann::json to_json(const NextStudy& next) {
  const auto number = [](double value) -> nlohmann::json {
    if (std::isfinite(value)) return value;
    return nullptr;
  };
  nlohmann::json seeds = nlohmann::json::array(), runs = nlohmann::json::array();
  for (const SeedPlan& plan : next.seeds) {
    seeds.push_back({{"sizes", plan.sizes},
                     {"seeds", plan.seeds},
                     {"runs", plan.runs},
                     {"flops", plan.flops},
                     {"half_width", number(plan.half_width)},
                     {"resolved_percent", number(plan.resolved_percent)},
                     {"resolves", plan.resolves}});
  }
  for (const NextRun& run : next.runs) {
    runs.push_back({{"architecture", run.architecture},
                    {"size", run.size},
                    {"parameters", run.parameters},
                    {"flops", run.flops},
                    {"shrinks", number(run.shrinks)},
                    {"growth_shrinks", number(run.growth_shrinks)},
                    {"shrinks_per_exaflop", number(run.shrinks_per_exaflop)}});
  }
  return {{"percent", next.percent},
          {"loss", next.loss},
          {"half_width", number(next.half_width)},
          {"resolved_percent", number(next.resolved_percent)},
          {"seeds", seeds},
          {"runs", runs}};
}

}  // namespace isoloss
