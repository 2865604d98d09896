#include "analysis/savings/combined_savings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/fit/frontier_curve.h"
#include "analysis/fit/frontier_pair.h"
#include "analysis/fit/seed_noise.h"
#include "analysis/numbers/parallel_for.h"
#include "analysis/numbers/statistics.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kFour = 4;  // baseline, first, second, both

using Fields = std::map<std::string, nlohmann::json>;
using Models = std::map<std::string, Fields>;  // of one architecture, by size

std::map<std::string, Models> models_of(std::span<const RunRecord> runs) {
  std::map<std::string, Models> models;
  for (const RunRecord& run : runs) {
    const auto spec = nlohmann::json::parse(run.header.spec_json, nullptr, false);
    if (!spec.is_object() || !spec.contains("model") || !spec["model"].is_object()) continue;
    Fields fields = spec["model"].get<Fields>();
    fields.erase("architecture");
    fields.erase("size");
    models[run.header.architecture].emplace(run.header.size, std::move(fields));
  }
  return models;
}

// What `model` sets otherwise than `base`; null where only `base` names a field.
Fields difference(const Fields& base, const Fields& model) {
  Fields changed;
  for (const auto& [name, value] : model) {
    const auto known = base.find(name);
    if (known == base.end() || known->second != value) changed.emplace(name, value);
  }
  for (const auto& [name, value] : base)
    if (!model.contains(name)) changed.emplace(name, nullptr);
  return changed;
}

bool combine(const Fields& first, const Fields& second, const Fields& both) {
  if (first.empty() || second.empty() || both.size() != first.size() + second.size()) return false;
  Fields sum = first;
  sum.insert(second.begin(), second.end());
  return sum == both;
}

// Whether the four are such a set at every size that they have in common, and at one at least.
bool is_combination(const std::array<const Models*, kFour>& models) {
  bool found = false;
  for (const auto& [size, base] : *models[0]) {
    std::array<Fields, kFour> changes;
    bool there = true;
    for (std::size_t i = 1; i < kFour && there; ++i) {
      const auto of_size = models[i]->find(size);
      there = of_size != models[i]->end();
      if (there) changes[i] = difference(base, of_size->second);
    }
    if (!there) continue;
    if (!combine(changes[1], changes[2], changes[3])) return false;
    found = true;
  }
  return found;
}

struct Four {
  std::array<std::vector<Point>, kFour> trials;
  std::array<Frontier, kFour> frontiers;
  FrontierKind kind = FrontierKind::Auto;
};

std::array<std::string, kFour> names(const CombinedChange& change) {
  return {change.baseline, change.first, change.second, change.both};
}

Four frontiers_of(const PointTable& table, const CombinedChange& change,
                  const SavingsOptions& options) {
  Four four;
  four.kind = options.frontier;
  for (std::size_t i = 0; i < kFour; ++i)
    four.trials[i] = frontier_trials(table, names(change)[i],
                                     savings_frontier_options(options, options.frontier));
  // Of one kind: whatever asks least of the table, pair by pair.
  for (std::size_t i = 1; i < kFour; ++i)
    four.kind = frontiers_of_one_kind(four.trials[0], four.trials[i],
                                      savings_frontier_options(options, four.kind))
                    .kind;
  for (std::size_t i = 0; i < kFour; ++i)
    four.frontiers[i] =
        compute_frontier(four.trials[i], savings_frontier_options(options, four.kind));
  return four;
}

// Three losses that every frontier reaches.
std::vector<double> common_losses(const PointTable& table, const CombinedChange& change,
                                  const Four& four) {
  Interval overlap{0, std::numeric_limits<double>::infinity()};
  for (const Frontier& frontier : four.frontiers) {
    const FrontierCurve curve(frontier.used());
    if (!curve.valid())
      throw WorkError(
          fmt::format("{}: '{}' has no frontier of two points (too few budgets count); "
                      "add sizes or budgets",
                      table.source, frontier.architecture));
    overlap.first = std::max(overlap.first, curve.losses().first);
    overlap.second = std::min(overlap.second, curve.losses().second);
  }
  if (!(overlap.first < overlap.second))
    throw WorkError(
        fmt::format("{}: no loss is reached by '{}', '{}', '{}' and '{}' alike (their frontiers do "
                    "not overlap); add budgets that reach common losses",
                    table.source, change.baseline, change.first, change.second, change.both));
  std::vector<double> losses;
  for (const double share : {0.1, 0.5, 0.9})
    losses.push_back(overlap.first + share * (overlap.second - overlap.first));
  return losses;
}

// Of the four frontiers' used points: savings of first, second and both at the loss; NaN where a
// frontier broke down.
std::array<double, 3> savings_at(const std::array<std::vector<FrontierPoint>, kFour>& used,
                                 double loss) {
  std::array<double, kFour> compute{};
  for (std::size_t i = 0; i < kFour; ++i) {
    const FrontierCurve curve(used[i]);
    if (!curve.valid()) return {kNone, kNone, kNone};
    compute[i] = curve.log_compute(loss);
  }
  return {std::exp(compute[0] - compute[1]), std::exp(compute[0] - compute[2]),
          std::exp(compute[0] - compute[3])};
}

struct Drawn {
  std::vector<double> both, product, ratio;
};

std::vector<Drawn> draw_through(const Four& four, const std::vector<double>& losses,
                                const SeedNoise& noise, const SavingsOptions& options) {
  std::vector<Point> trials;
  for (const auto& own : four.trials) trials.insert(trials.end(), own.begin(), own.end());
  const LossDraws noisy(trials, noise, options.seed);
  const auto count = static_cast<std::size_t>(options.bootstrap);
  const std::vector<double> none(count, kNone);
  std::vector<Drawn> drawn(losses.size(), Drawn{none, none, none});
  const FrontierOptions same = savings_frontier_options(options, four.kind);
  parallel_for(count, options.threads, [&](std::size_t r) {
    const std::vector<double> values = noisy.losses(r);
    std::array<std::vector<FrontierPoint>, kFour> used;
    std::size_t first = 0;
    for (std::size_t i = 0; i < kFour; ++i) {
      const std::size_t size = four.trials[i].size();
      used[i] = compute_frontier(four.trials[i], std::span(values).subspan(first, size), same,
                                 &four.frontiers[i])
                    .used();
      first += size;
    }
    for (std::size_t l = 0; l < losses.size(); ++l) {
      const auto [a, b, both] = savings_at(used, losses[l]);
      drawn[l].both[r] = both;
      drawn[l].product[r] = a * b;
      drawn[l].ratio[r] = both / (a * b);
    }
  });
  return drawn;
}

}  // namespace

std::vector<CombinedChange> combined_changes(std::span<const RunRecord> runs,
                                             const std::vector<std::string>& architectures) {
  const auto models = models_of(runs);
  std::vector<const std::string*> known;
  for (const std::string& name : architectures)
    if (models.contains(name)) known.push_back(&name);
  std::vector<CombinedChange> found;
  for (std::size_t base = 0; base < known.size(); ++base)
    for (std::size_t a = base + 1; a < known.size(); ++a)
      for (std::size_t b = a + 1; b < known.size(); ++b)
        for (std::size_t both = base + 1; both < known.size(); ++both) {
          if (both == a || both == b) continue;
          if (is_combination({&models.at(*known[base]), &models.at(*known[a]),
                              &models.at(*known[b]), &models.at(*known[both])}))
            found.push_back({*known[base], *known[a], *known[b], *known[both]});
        }
  return found;
}

std::vector<CombinedSavings> combined_savings(const PointTable& table, const CombinedChange& change,
                                              const SavingsOptions& options) {
  const Four four = frontiers_of(table, change, options);
  const std::vector<double> losses = common_losses(table, change, four);
  std::array<std::vector<FrontierPoint>, kFour> used;
  for (std::size_t i = 0; i < kFour; ++i) used[i] = four.frontiers[i].used();
  std::vector<CombinedSavings> result;
  for (const double loss : losses) {
    const auto [first, second, both] = savings_at(used, loss);
    result.push_back(
        {loss, first, second, both, first * second, both / (first * second), {}, {}, {}});
  }
  std::vector<Point> results;
  for (const Point& p : table.points)
    if (is_result(p) && !(p.budget < options.from_budget)) results.push_back(p);
  const SeedNoise noise = measure_seed_noise(results);
  if (!noise.measured || options.bootstrap == 0) return result;
  const std::vector<Drawn> drawn = draw_through(four, losses, noise, options);
  for (std::size_t l = 0; l < losses.size(); ++l) {
    result[l].both_interval = percentile_interval(drawn[l].both, options.level);
    result[l].product_interval = percentile_interval(drawn[l].product, options.level);
    result[l].ratio_interval = percentile_interval(drawn[l].ratio, options.level);
  }
  return result;
}

}  // namespace isoloss
