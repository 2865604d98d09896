#include "analysis/solver/law_certificate.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>
#include <vector>

#include "analysis/numbers/parallel_for.h"
#include "analysis/solver/law_cell_bound.h"
#include "analysis/solver/law_log_sum_bound.h"
#include "analysis/solver/law_term_bound.h"
#include "analysis/solver/residual_bend.h"

namespace isoloss {
namespace {

// What is aimed at. Of terms with several axes the last percents cost most cells, and more where
// chords stand for the concave part of a rho.
constexpr double kGap = 0.01, kGapOfConcaveTerms = 0.05;
constexpr double kMostCellPoints = 1e5, kMostLogSumPoints = 1e6;  // cells x points
constexpr double kMostTermPoints = 3e7;                           // and x looks
constexpr std::size_t kFewestCells = 100;
constexpr std::size_t kMostOpenNumbers = 250'000'000;  // two gigabytes of cells
constexpr Eigen::Index kCellNumbers = 60;              // of a cell, beside one per point
constexpr double kBeaten = 1e-3;  // lower than the known fit: a search from there says more
constexpr int kMostSearches = 5;
constexpr std::size_t kFull = 1000;                           // times the quick search's points
constexpr std::size_t kCellsPerPlace = 64, kMostPlaces = 32;  // of a round: cells so far, halved
constexpr std::size_t kMostAxes = 3;  // thousands of cells close three, and not four

bool is_concave_above(const Objective& objective) {
  return objective.space == FitSpace::Log && objective.kind != ObjectiveKind::Squares;
}

struct Aim {
  double gap;
  double most_points;  // points looked at, of all cells
};

template <class Cell>
std::size_t points_looked_at(const Cell&, const LawData& data) {
  return static_cast<std::size_t>(data.points());
}

std::size_t points_looked_at(const TermBoundCell& cell, const LawData&) {
  return cell.points_looked_at;
}

// Best first: the open cells of the lowest bounds are halved next, the more at once the more there
// were, whatever the number of threads.
template <class Bound>
class BranchAndBound {
 public:
  BranchAndBound(const Bound& bound, const Law& law, const LawData& data,
                 const Objective& objective, double value, const Aim& aim)
      : bound_(bound),
        law_(law),
        data_(data),
        objective_(objective),
        value_(value),
        negligible_(data.weight.sum() * rho(negligible_residual(objective, data), objective).value),
        target_(value - std::max(aim.gap * value, negligible_)),
        done_(value),
        best_(value) {
    out_.aim = aim.gap;
  }

  LawCertificate run(std::size_t most_points, const CertificateSearch& search) {
    look({bound_.whole()}, search.threads);
    const auto most_open =
        kMostOpenNumbers / static_cast<std::size_t>(data_.points() + kCellNumbers);
    while (!open_.empty() && open_.size() < most_open && looked_at_ < most_points && !is_beaten()) {
      look(next_halves(), search.threads);
      if (search.progress) search.progress({relative_gap(), out_.cells, false});
    }
    if (search.progress) search.progress({relative_gap(), out_.cells, true});
    out_.lower_bound = lower_bound();
    out_.relative_gap = relative_gap();
    out_.reached = out_.lower_bound >= target_;
    return out_;
  }

 private:
  using Cell = typename Bound::Cell;
  struct Higher {
    bool operator()(const Cell& a, const Cell& b) const { return a.lower > b.lower; }
  };

  // By so much that the search is better begun again from there.
  bool is_beaten() const { return best_ < value_ * (1 - kBeaten) - negligible_; }

  double lower_bound() const {
    const double least = open_.empty() ? done_ : std::min(done_, open_.top().lower);
    return std::clamp(least, 0.0, value_);
  }

  double relative_gap() const { return (value_ - lower_bound()) / std::max(value_, negligible_); }

  std::vector<Cell> next_halves() {
    std::vector<Cell> halves;
    for (std::size_t left = std::clamp<std::size_t>(out_.cells / kCellsPerPlace, 1, kMostPlaces);
         left > 0 && !open_.empty(); --left) {
      const Cell cell = open_.top();
      open_.pop();
      for (Cell& half : bound_.halves(cell)) halves.push_back(std::move(half));
    }
    return halves;
  }

  void look(std::vector<Cell> cells, int threads) {
    std::vector<std::optional<LawState>> state(cells.size());
    std::vector<double> here(cells.size(), value_);
    parallel_for(cells.size(), threads, [&](std::size_t i) {
      bound_.raise(cells[i], target_);
      if (cells[i].lower >= target_) return;
      state[i] = bound_.state_of(cells[i]);
      here[i] = objective_value(law_, data_, *state[i], objective_);
    });
    for (std::size_t i = 0; i < cells.size(); ++i) {
      ++out_.cells;
      looked_at_ += points_looked_at(cells[i], data_);
      if (!state[i]) {
        done_ = std::min(done_, cells[i].lower);
        continue;
      }
      if (here[i] < best_ * (1 - 1e-9)) {
        best_ = here[i];
        out_.better = state[i];
      }
      open_.push(std::move(cells[i]));
    }
  }

  const Bound& bound_;
  const Law& law_;
  const LawData& data_;
  const Objective& objective_;
  double value_, negligible_, target_;
  double done_;  // the least bound of cells that need no halving
  double best_;
  std::size_t looked_at_ = 0;  // points, of all cells
  std::priority_queue<Cell, std::vector<Cell>, Higher> open_;
  LawCertificate out_;
};

template <class Bound>
LawCertificate branch_and_bound(const Bound& bound, const Law& law, const LawData& data,
                                const Objective& objective, double value, const Aim& aim,
                                const CertificateSearch& search) {
  const auto points = static_cast<std::size_t>(data.points());
  std::size_t most =
      points * std::max(kFewestCells, static_cast<std::size_t>(aim.most_points) / points);
  if (search.effort == CertificateEffort::Full) most *= kFull;
  return BranchAndBound<Bound>(bound, law, data, objective, value, aim).run(most, search);
}

// Of logarithms, where nothing is added to the power of a sum.
bool has_log_sum_bound(const Law& law, const LawData& data, const Objective& objective,
                       const FloorChoice& floor) {
  if (!law.log_sum || objective.space != FitSpace::Log) return false;
  const bool zero = !law.has_floor || floor.kind == FloorChoice::Zero ||
                    (floor.kind == FloorChoice::Value && floor.value == 0);
  const std::size_t axes = law.shape.size() + (law.tied ? 0 : 1);  // delta and exponents
  return zero && !(data.offset != 0).any() && axes <= kMostAxes;
}

}  // namespace

std::optional<LawCertificate> certify(const Law& law, const LawData& data,
                                      const Objective& objective, const FloorChoice& floor,
                                      double value, const CertificateSearch& search) {
  const bool searched_whole = even_selection(data).points() == data.points();
  if (search.effort == CertificateEffort::None || !searched_whole || !(value >= 0)) {
    return std::nullopt;
  }
  if (!law.exponent_of_term.empty()) {
    return branch_and_bound(CellBound(law, data, objective, floor, value), law, data, objective,
                            value, {kGap, kMostCellPoints}, search);
  }
  if (has_log_sum_bound(law, data, objective, floor)) {
    return branch_and_bound(LogSumBound(law, data, objective, value), law, data, objective, value,
                            {kGap, kMostLogSumPoints}, search);
  }
  if (!law.cells) return std::nullopt;
  const double gap = is_concave_above(objective) ? kGapOfConcaveTerms : kGap;
  return branch_and_bound(LawTermBound(law, data, objective, floor, value), law, data, objective,
                          value, {gap, kMostTermPoints}, search);
}

CertifiedSolution solve_certified(const Law& law, const LawData& data, const Objective& objective,
                                  const FloorChoice& floor, const CertificateSearch& search) {
  CertifiedSolution out{solve_law(law, data, objective, floor), std::nullopt};
  for (int searches = 1; out.solution.converged; ++searches) {
    out.certificate = certify(law, data, objective, floor, out.solution.value, search);
    if (!out.certificate || !out.certificate->better || searches == kMostSearches) break;
    out.solution = solve_law(law, data, objective, floor, kStarts, out.certificate->better);
  }
  return out;
}

}  // namespace isoloss
