#include "sweeps/makespan.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>
#include <utility>

namespace isoloss {
namespace {

class Simulation {
 public:
  Simulation(std::span<const WorkNode> graph, int ranks, int unit, std::span<const RunRanks> runs,
             const std::function<double(const WorkItem&, int)>& seconds_of)
      : graph_(graph),
        whole_(whole_blocks(ranks, unit)),
        runs_(runs),
        seconds_of_(seconds_of),
        open_(graph.size()),
        before_(graph.size()),
        place_(graph.size()) {
    std::vector<std::size_t> order(graph.size());
    for (std::size_t node = 0; node < graph.size(); ++node) {
      order[node] = node;
      open_[node] = graph[node].after.size();
      for (const std::size_t earlier : graph[node].after) before_[earlier].push_back(node);
    }
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
      return more_urgent(graph[a].item, graph[b].item);
    });
    for (std::size_t i = 0; i < order.size(); ++i) place_[order[i]] = i;
    for (const std::size_t node : order)
      if (open_[node] == 0) make_ready(node);
  }

  StudySchedule run() {
    idle_ = whole_;
    hand_out();
    while (!busy_.empty() || something_ready()) {
      if (busy_.empty()) {  // what is left is too wide for every block: whole ones begin anew
        if (idle_ == whole_) break;
        idle_ = whole_;
      } else {
        end_next();
      }
      hand_out();
    }
    return std::move(schedule_);
  }

 private:
  struct Busy {
    double ends;
    std::size_t item;  // of the schedule
    bool operator>(const Busy& other) const {
      return std::tie(ends, item) > std::tie(other.ends, other.item);
    }
  };

  bool something_ready() const { return taken_ < ready_.size(); }

  void make_ready(std::size_t node) {
    const auto waiting = std::span(ready_).subspan(taken_);
    const auto at = static_cast<std::ptrdiff_t>(taken_) +
                    (std::ranges::upper_bound(waiting, place_[node], {},
                                              [&](std::size_t other) { return place_[other]; }) -
                     waiting.begin());
    ready_.insert(ready_.begin() + at, node);
    ready_ranks_.insert(ready_ranks_.begin() + at, runs_[graph_[node].item.run]);
  }

  // And all that ends at that very moment.
  void end_next() {
    now_ = busy_.top().ends;
    while (!busy_.empty() && busy_.top().ends == now_) {
      const ScheduledItem& over = schedule_.items[busy_.top().item];
      busy_.pop();
      idle_.push_back(over.block);
      for (const std::size_t node : before_[over.node])
        if (--open_[node] == 0) make_ready(node);
    }
    schedule_.seconds = now_;
  }

  // Wide blocks take first; where narrower work is left then, the narrowest blocks split for it, as
  // those do that look again before they split.
  void hand_out() {
    if (!something_ready()) return;
    std::ranges::sort(idle_, [](const RankBlock& a, const RankBlock& b) {
      return a.ranks != b.ranks ? a.ranks > b.ranks : a.first < b.first;
    });
    std::vector<RankBlock> left, splitting;
    for (const RankBlock& block : idle_) {
      const BlockStep step = step_of(block);
      if (step != BlockStep::Train) (step == BlockStep::Split ? splitting : left).push_back(block);
    }
    while (!splitting.empty()) {
      const RankBlock block = splitting.back();
      splitting.pop_back();
      const BlockStep step = step_of(block);
      if (step == BlockStep::Split) {
        const auto [first, second] = halves(block);
        splitting.push_back(second);
        splitting.push_back(first);
      } else if (step != BlockStep::Train) {
        left.push_back(block);
      }
    }
    idle_ = std::move(left);
  }

  BlockStep step_of(const RankBlock& block) {
    return next_step(
        block.ranks, std::span(ready_ranks_).subspan(taken_),
        [&](std::size_t at) { return take(taken_ + at, block); }, [](std::size_t) { return true; });
  }

  bool take(std::size_t at, const RankBlock& block) {
    const auto place = static_cast<std::ptrdiff_t>(at);
    const std::size_t node = ready_[at];
    if (at == taken_) {
      ++taken_;
    } else {
      ready_.erase(ready_.begin() + place);
      ready_ranks_.erase(ready_ranks_.begin() + place);
    }
    const double ends = now_ + seconds_of_(graph_[node].item, block.ranks);
    busy_.push({ends, schedule_.items.size()});
    schedule_.items.push_back({node, block, now_, ends});
    return true;
  }

  std::span<const WorkNode> graph_;
  std::vector<RankBlock> whole_;
  std::span<const RunRanks> runs_;
  const std::function<double(const WorkItem&, int)>& seconds_of_;
  std::vector<std::size_t> open_;                 // nodes that each still waits for
  std::vector<std::vector<std::size_t>> before_;  // nodes that wait for each
  std::vector<std::size_t> place_;                // in the order of work
  std::vector<std::size_t> ready_;                // in that order, after `taken_` that were
  std::size_t taken_ = 0;
  std::vector<RunRanks> ready_ranks_;  // parallel to it
  std::vector<RankBlock> idle_;
  std::priority_queue<Busy, std::vector<Busy>, std::greater<>> busy_;
  double now_ = 0;
  StudySchedule schedule_;
};

}  // namespace

StudySchedule schedule_work(std::span<const WorkNode> graph, int ranks, int unit,
                            std::span<const RunRanks> runs,
                            const std::function<double(const WorkItem&, int)>& seconds_of) {
  return Simulation(graph, ranks, unit, runs, seconds_of).run();
}

}  // namespace isoloss
