// How often intervals hold the truth of a simulated study, and how often tests reject what is true.
#pragma once
#include <cmath>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/fit/fit.h"
#include "analysis/fit/predict.h"
#include "analysis/numbers/parallel_for.h"
#include "analysis/savings/savings.h"
#include "model/spec/error.h"
#include "tests/analysis/simulated_study.h"

namespace isoloss::test {

struct CoverageRow {
  std::string quantity;
  int counted = 0, of = 0;  // held the truth, or rejected; of so many that could say
};

class CoverageTable {
 public:
  void held(const std::string& quantity, const std::optional<Interval>& interval, double truth) {
    if (interval) count(quantity, interval->first <= truth && truth <= interval->second);
  }
  void rejected(const std::string& test, double p) {
    if (std::isfinite(p)) count(test, p < 0.05);
  }
  void count(const std::string& quantity, bool yes) {
    const std::lock_guard lock(mutex_);
    for (CoverageRow& row : rows_) {
      if (row.quantity != quantity) continue;
      ++row.of;
      row.counted += yes ? 1 : 0;
      return;
    }
    rows_.push_back({quantity, yes ? 1 : 0, 1});
  }
  const std::vector<CoverageRow>& rows() const { return rows_; }

 private:
  std::mutex mutex_;
  std::vector<CoverageRow> rows_;
};

// Savings of the second architecture over the first.
inline void cover_savings(const StudyLayout& layout, int repeats, int draws, int threads,
                          CoverageTable& table) {
  const TrueLaw &b = layout.laws[0], &c = layout.laws[1];
  const auto truth = [&](double loss) { return b.compute_at(loss) / c.compute_at(loss); };
  parallel_for(static_cast<std::size_t>(repeats), threads, [&](std::size_t repeat) {
    SavingsOptions options;
    options.baseline = b.name;
    options.candidate = c.name;
    options.bootstrap = draws;
    options.seed = repeat;
    const Savings savings = compute_savings(simulate(layout, repeat), options);
    const SavingsAt& middle = savings.at[savings.at.size() / 2];
    table.held("savings at a loss", middle.interval, truth(middle.loss));
    table.held("savings at a loss, by the law", middle.by_law_interval, truth(middle.loss));
    const SavingsAt& at_compute = savings.by_compute[savings.by_compute.size() / 2];
    // The band is that of a compute: its truth is at the loss the baseline truly reaches there.
    table.held("savings at a compute", at_compute.interval,
               truth(b.optimal_loss(at_compute.baseline_compute)));
    if (savings.growth) {
      table.held("growth over the overlap", savings.growth->interval,
                 truth(savings.overlap.first) / truth(savings.overlap.second));
      table.rejected("growth rejects none (p < .05)", savings.growth->p);
    }
    if (savings.parallel) {
      table.held("one factor", savings.parallel->interval, truth(middle.loss));
      table.rejected("equal slopes rejected, F", savings.parallel->slope_equality_p);
      table.rejected("equal slopes rejected, draws", savings.parallel->slope_equality_bootstrap_p);
    }
    if (savings.law) {
      const double exponent = 1 / c.gamma() - 1 / b.gamma();
      table.held("exponent of the savings", savings.law->interval, exponent);
      table.held("change per decade", savings.law->per_decade_interval,
                 std::pow(10.0, -b.gamma() * exponent));
    }
    if (savings.floors) {
      table.rejected("one floor rejected, F", savings.floors->p);
      table.rejected("one floor rejected, draws", savings.floors->bootstrap_p);
    }
    table.count("had an interval", middle.interval.has_value());
  });
}

// What `fit` and `predict` say of the first architecture by their own defaults: chinchilla over all
// points, power along the frontier that a study's folder is given, and from both the loss of a run
// at three times the largest budget that the study does not have. The truths are the law's own: its
// frontier is exactly a power law, so that what the surface's parabolas get wrong counts as error.
inline void cover_fits(const StudyLayout& layout, int repeats, int draws, int threads,
                       CoverageTable& table) {
  const TrueLaw& law = layout.laws[0];
  const auto cover = [&](std::uint64_t repeat, const std::string& form,
                         const std::vector<std::pair<std::string, double>>& truths) {
    FitOptions options;
    options.law = form;
    options.architecture = law.name;
    options.bootstrap = draws;
    options.seed = repeat;
    options.calibrate = true;
    if (form == "power") options.frontier = FrontierKind::Surface;
    const Point next = new_run(layout, law, 3 * layout.budgets.back(), repeat);
    Place place;
    if (form == "power") {
      place.flops = next.flops;
    } else {
      place.parameters = next.parameters;
      place.tokens = next.tokens;
    }
    try {
      const Fit fit = fit_law(simulate(layout, repeat), options);
      for (const auto& [name, truth] : truths) {
        for (const auto& [of, interval] : fit.intervals) {
          if (of == name) table.held(form + " " + name, interval, truth);
        }
      }
      table.held(form + ", a larger run",
                 predict_at(stored_fit(to_json(fit), ""), place, 0.95).interval, next.loss);
    } catch (const InputError&) {  // too few budgets with their best size inside the grid
    } catch (const WorkError&) {
    }
  };
  parallel_for(static_cast<std::size_t>(repeats), threads, [&](std::size_t repeat) {
    cover(repeat, "chinchilla", {{"alpha", law.alpha}, {"beta", law.beta}, {"E", law.floor}});
    cover(repeat, "power", {{"b", law.gamma()}, {"E", law.floor}});
  });
}

// What isoFLOP lines say of the first architecture: the exponent of the best size, and that size at
// three times the largest budget.
inline void cover_lines(const StudyLayout& layout, int repeats, int threads, CoverageTable& table) {
  const TrueLaw& law = layout.laws[0];
  FitOptions options;
  options.law = "isoflop";
  options.architecture = law.name;
  Place place;
  place.flops = 3 * layout.budgets.back();
  parallel_for(static_cast<std::size_t>(repeats), threads, [&](std::size_t repeat) {
    try {
      const Fit fit = fit_law(simulate(layout, repeat), options);
      for (const auto& [name, interval] : fit.intervals) {
        if (name == "a") table.held("isoflop a", interval, law.beta / (law.alpha + law.beta));
      }
      table.held("isoflop, a larger best size",
                 predict_at(stored_fit(to_json(fit), ""), place, 0.95).optimal_parameters,
                 law.optimal_parameters(*place.flops));
    } catch (const WorkError&) {  // fewer than two budgets with a vertex inside their sizes
    }
  });
}

// What stands where no run has a replicate: intervals of the scatter about the laws (or of the case
// bootstrap), and of one saving for all losses. Nothing else of `savings` has an interval then.
inline void cover_scatter(const StudyLayout& layout, int repeats, int draws, int threads,
                          CoverageTable& table) {
  cover_fits(layout, repeats, draws, threads, table);
  cover_lines(layout, repeats, threads, table);
  const TrueLaw &b = layout.laws[0], &c = layout.laws[1];
  parallel_for(static_cast<std::size_t>(repeats), threads, [&](std::size_t repeat) {
    const PointTable study = simulate(layout, repeat);
    SavingsOptions options;
    options.baseline = b.name;
    options.candidate = c.name;
    options.bootstrap = 0;
    const Savings savings = compute_savings(study, options);
    const double loss = middle_loss(savings).loss;
    if (savings.parallel) {
      table.held("one factor, scatter", savings.parallel->lack_of_fit_interval,
                 b.compute_at(loss) / c.compute_at(loss));
    }
  });
}

}  // namespace isoloss::test
