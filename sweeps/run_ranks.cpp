#include "sweeps/run_ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "sweeps/block_widths.h"
#include "sweeps/rank_reason.h"
#include "sweeps/smaller_steps.h"

namespace isoloss {
namespace {

// A plan that shares less may take so much longer than the earliest.
constexpr double kNearlyEqual = 1.02;
// A plan is tried with runs that take what is predicted and so many times with runs that scatter
// around it, in the logarithm: one that leaves no room for that would end late.
constexpr std::uint64_t kDraws = 4;
constexpr double kScatter = 0.1;
// Runs that are given twice the ranks, one after the other, where they end last.
constexpr int kWidenings = 40;

// The step to which each run goes from its start if it is wanted as far as it may be, a trunk's
// with its longest branch.
std::vector<double> lengths_of(const StudyPlan& plan) {
  std::vector<double> lengths;
  for (const PlannedRun& run : plan.runs) {
    const std::int64_t stop = run.stops.empty() ? 0 : run.stops.back().step;
    lengths.push_back(static_cast<double>(std::max(stop, run.expected_steps)));
  }
  for (std::size_t run = 0; run < plan.runs.size(); ++run)
    if (const auto& branch = plan.runs[run].branch)
      lengths[branch->trunk] = std::max(lengths[branch->trunk], lengths[run]);
  return lengths;
}

// What decides: a job that is started again, elsewhere or after a probe, decides the same.
DeviceRate without_steps(DeviceRate rate) {
  rate.steps.clear();
  return rate;
}

class RankPlanner {
 public:
  RankPlanner(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate)
      : plan_(plan),
        asked_(ranks),
        ranks_(std::max(ranks.ranks, asked_layout(plan).ranks())),
        rate_(rate),
        widths_(plan, ranks, without_steps(rate)),
        lengths_(lengths_of(plan)),
        work_(work_graph(plan)),
        scattered_(kDraws, std::vector<double>(plan.runs.size())) {
    for (std::uint64_t draw = 0; draw < kDraws; ++draw)
      for (std::size_t run = 0; run < plan.runs.size(); ++run)
        scattered_[draw][run] =
            std::exp(kScatter * random_normal(0, stream_of("plan/scatter"), kDraws * run + draw));
  }

  RankPlan plan() {
    for (const double most : limits())
      for (std::size_t level = 0; level < widths_.levels(); ++level) consider(runs_of(most, level));
    widen();
    const double earliest = candidates_[earliest_].seconds;
    std::size_t best = earliest_;
    for (std::size_t i = 0; i < candidates_.size(); ++i)
      if (candidates_[i].seconds <= kNearlyEqual * earliest &&
          (candidates_[i].rank_seconds < candidates_[best].rank_seconds ||
           (candidates_[i].rank_seconds == candidates_[best].rank_seconds && i < best)))
        best = i;
    return result(candidates_[best]);
  }

 private:
  struct Candidate {
    std::vector<RunRanks> runs;
    StudySchedule schedule;   // as predicted
    double seconds = 0;       // until its end, the mean of all tries
    double rank_seconds = 0;  // as predicted
  };

  double seconds(std::size_t run, std::size_t level) const {
    const auto& width = widths_.at(run, level);
    return width ? lengths_[run] * width->step_seconds : std::numeric_limits<double>::infinity();
  }

  // Seconds that no run may take alone, the first none at all.
  std::vector<double> limits() const {
    double work = 0, longest = 0;
    for (const WorkNode& node : work_)
      work += static_cast<double>(node.item.to_step - node.item.from_step) *
              step_seconds(node.item.run, narrowest(node.item.run)) *
              widths_.ranks_of(narrowest(node.item.run));
    for (std::size_t run = 0; run < plan_.runs.size(); ++run)
      longest = std::max(longest, seconds(run, fastest(run)));
    const double bound = std::max(work / ranks_, longest);
    std::vector<double> limits = {std::numeric_limits<double>::infinity()};
    for (int eighth = -8; eighth <= 32; ++eighth)
      limits.push_back(bound * std::exp2(-0.125 * eighth));
    return limits;
  }

  std::size_t narrowest(std::size_t run) const {
    std::size_t level = 0;
    while (!widths_.at(run, level)) ++level;
    return level;
  }

  std::size_t fastest(std::size_t run) const {
    std::size_t best = narrowest(run);
    for (std::size_t level = best; level < widths_.levels(); ++level)
      if (seconds(run, level) < seconds(run, best)) best = level;
    return best;
  }

  RunRanks ranks_at(std::size_t run, std::size_t level) const {
    std::size_t least = level;
    while (least > 0 && widths_.at(run, least - 1)) --least;
    return {widths_.ranks_of(level), widths_.ranks_of(least)};
  }

  // Each run by the narrowest blocks from `level` on that take at most `most` seconds.
  std::vector<RunRanks> runs_of(double most, std::size_t level) const {
    std::vector<RunRanks> runs;
    for (std::size_t run = 0; run < plan_.runs.size(); ++run) {
      std::optional<std::size_t> chosen;
      for (std::size_t l = level; l < widths_.levels() && !chosen; ++l)
        if (seconds(run, l) <= most && widths_.at(run, l)) chosen = l;
      runs.push_back(ranks_at(run, chosen.value_or(fastest(run))));
    }
    return runs;
  }

  double step_seconds(std::size_t run, std::size_t level) const {
    return widths_.at(run, level)->step_seconds;
  }

  double item_seconds(const WorkItem& item, int ranks) const {
    return static_cast<double>(item.to_step - item.from_step) *
           step_seconds(item.run, widths_.level_of(ranks));
  }

  void consider(std::vector<RunRanks> runs) {
    if (std::ranges::find(candidates_, runs, &Candidate::runs) != candidates_.end()) return;
    Candidate candidate{std::move(runs), {}, 0, 0};
    candidate.schedule =
        schedule_work(work_, ranks_, widths_.unit(), candidate.runs,
                      [&](const WorkItem& item, int ranks) { return item_seconds(item, ranks); });
    candidate.seconds = candidate.schedule.seconds / (kDraws + 1);
    for (const std::vector<double>& factors : scattered_)
      candidate.seconds += schedule_work(work_, ranks_, widths_.unit(), candidate.runs,
                                         [&](const WorkItem& item, int ranks) {
                                           return factors[item.run] * item_seconds(item, ranks);
                                         })
                               .seconds /
                           (kDraws + 1);
    for (const ScheduledItem& item : candidate.schedule.items)
      candidate.rank_seconds += item.block.ranks * (item.ends - item.begins);
    if (!candidates_.empty() && candidate.seconds < candidates_[earliest_].seconds)
      earliest_ = candidates_.size();
    candidates_.push_back(std::move(candidate));
  }

  // Gives the run that ends last twice its ranks, as long as that lets the study end earlier.
  void widen() {
    for (int i = 0; i < kWidenings; ++i) {
      const Candidate& from = candidates_[earliest_];
      const auto last = std::ranges::max_element(from.schedule.items, {}, &ScheduledItem::ends);
      if (last == from.schedule.items.end()) return;
      const std::size_t run = work_[last->node].item.run;
      const std::size_t wider = widths_.level_of(from.runs[run].planned) + 1;
      if (wider >= widths_.levels() || !widths_.at(run, wider)) return;
      std::vector<RunRanks> runs = from.runs;
      runs[run] = ranks_at(run, wider);
      const std::size_t before = earliest_;
      consider(std::move(runs));
      if (earliest_ == before) return;
    }
  }

  // The candidate's schedule by steps that were measured, where some were.
  StudySchedule priced(const Candidate& candidate) const {
    if (rate_.steps.empty()) return candidate.schedule;
    std::map<std::pair<std::size_t, std::size_t>, double> known;
    return schedule_work(
        work_, ranks_, widths_.unit(), candidate.runs, [&](const WorkItem& item, int ranks) {
          const std::size_t level = widths_.level_of(ranks);
          const auto [step, fresh] = known.try_emplace({item.run, level}, 0);
          if (fresh)
            step->second = isoloss::step_seconds(plan_.runs[item.run].spec,
                                                 widths_.at(item.run, level)->layout, rate_);
          return static_cast<double>(item.to_step - item.from_step) * step->second;
        });
  }

  RankPlan result(const Candidate& chosen) const {
    const StudySchedule schedule = priced(chosen);
    RankPlan result{widths_.unit(),           chosen.runs,   {}, work_, schedule,
                    reason(chosen, schedule), widths_.held()};
    for (std::size_t run = 0; run < plan_.runs.size(); ++run)
      result.layouts.push_back(widths_.at(run, widths_.level_of(chosen.runs[run].planned))->layout);
    return result;
  }

  std::string reason(const Candidate& chosen, const StudySchedule& schedule) const {
    const RankLayout asked = asked_layout(plan_);
    std::size_t largest = 0;
    for (std::size_t run = 0; run < plan_.runs.size(); ++run)
      if (memory_per_rank(plan_.runs[run].spec, asked) >
          memory_per_rank(plan_.runs[largest].spec, asked))
        largest = run;
    const RunSpec& spec = plan_.runs[largest].spec;
    const int planned = chosen.runs[largest].planned;
    RankReason why{
        .asked = asked,
        .ranks = asked_,
        .held = widths_.held(),
        .fits = {},
        .as_asked = memory_per_rank(spec, asked),
        .as_planned = memory_per_rank(spec, widths_.at(largest, widths_.level_of(planned))->layout),
        .planned = planned,
        .chosen = {schedule.seconds, chosen.seconds},
        .fewest = {}};
    if (!why.held) why.fits = steps_that_fit(plan_, asked_, without_steps(rate_));
    const Candidate& first = candidates_.front();
    if (chosen.runs != first.runs) why.fewest = {priced(first).seconds, first.seconds};
    why.fewest_are_asked = std::ranges::all_of(
        first.runs, [&](const RunRanks& run) { return run.planned == widths_.unit(); });
    return text_of(why);
  }

  const StudyPlan& plan_;
  PlanRanks asked_;
  int ranks_;
  const DeviceRate& rate_;
  BlockWidths widths_;
  std::vector<double> lengths_;
  std::vector<WorkNode> work_;
  std::vector<std::vector<double>> scattered_;  // by draw and run
  std::vector<Candidate> candidates_;           // the first shares least
  std::size_t earliest_ = 0;
};

}  // namespace

RankPlan plan_ranks(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate) {
  return RankPlanner(plan, ranks, rate).plan();
}

StudySchedule schedule_of(const RankPlan& chosen, int ranks,
                          const std::function<double(std::size_t, int)>& step_seconds) {
  return schedule_work(chosen.work, std::max(ranks, chosen.unit), chosen.unit, chosen.runs,
                       [&](const WorkItem& item, int width) {
                         return static_cast<double>(item.to_step - item.from_step) *
                                step_seconds(item.run, width);
                       });
}

void check_ranks(const StudyPlan& plan, int ranks) {
  const RankLayout asked = asked_layout(plan);
  if (ranks % asked.ranks() == 0) return;
  throw InputError(fmt::format(
      "{} ranks do not make blocks of {} (tensor_parallel {} x data_parallel {} ranks train a run "
      "together); start it with --ranks {}",
      ranks, asked.ranks(), asked.tensor, asked.data, (ranks / asked.ranks() + 1) * asked.ranks()));
}

}  // namespace isoloss
