// Checks of speedups at equal loss, from losses that are printed at a few budgets only.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/published/published_kinds.h"

namespace isoloss {
namespace {

struct CurvePoint {
  RoundedValue budget, loss;
};

// What is asked of the model's curve: when does it reach `target`, the baseline's loss at `budget`?
struct EqualLossQuestion {
  CurvePoint baseline;
  std::vector<CurvePoint> curve;  // of the model, by budget
};

// What the printed points leave open, if a curve only falls: the speedup's least and most.
RoundedValue bounds_of(const EqualLossQuestion& ask) {
  RoundedValue bounds{0, 0, HUGE_VAL};
  const auto speedup = [&](const RoundedValue& at) {
    return over_corners(std::array{ask.baseline.budget, at},
                        [](std::span<const double> v) { return v[0] / v[1]; });
  };
  for (const CurvePoint& point : ask.curve) {
    const bool same_budget = point.budget == ask.baseline.budget;
    if (at_most(point.loss, ask.baseline.loss)) {
      bounds.low = std::max(bounds.low, same_budget ? 1 : speedup(point.budget).low);
    }
    if (at_most(ask.baseline.loss, point.loss)) {
      bounds.high = std::min(bounds.high, same_budget ? 1 : speedup(point.budget).high);
    }
  }
  return bounds;
}

// The speedup where a straight line in ln loss over ln budget joins the two points around the
// target. Empty where the target is not between two points.
std::optional<RoundedValue> straight_line(const EqualLossQuestion& ask) {
  for (std::size_t i = 0; i + 1 < ask.curve.size(); ++i) {
    const CurvePoint &a = ask.curve[i], &b = ask.curve[i + 1];
    const double target = ask.baseline.loss.value;
    if (!(a.loss.value >= target && target >= b.loss.value && a.loss.value > b.loss.value)) {
      continue;
    }
    return over_corners(
        std::array{ask.baseline.budget, ask.baseline.loss, a.budget, a.loss, b.budget, b.loss},
        [](std::span<const double> v) {
          if (!(v[3] > v[5])) return std::nan("");
          const double share = std::log(v[3] / v[1]) / std::log(v[3] / v[5]);
          return v[0] / (v[2] * std::pow(v[4] / v[2], share));
        });
  }
  return std::nullopt;
}

std::string bounds_text(const RoundedValue& bounds) {
  const bool below = bounds.low > 0, above = std::isfinite(bounds.high);
  if (below && above) {
    return fmt::format("between {} and {}", value_text(bounds.low), value_text(bounds.high));
  }
  if (below) return "at least " + value_text(bounds.low);
  if (above) return "at most " + value_text(bounds.high);
  return "by nothing";
}

PublishedFinding judged_curve(std::string claim, const PublishedCell& printed,
                              const EqualLossQuestion& ask) {
  const RoundedValue bounds = bounds_of(ask);
  const std::optional<RoundedValue> line = straight_line(ask);
  if (!meets(*printed.value, bounds)) {
    PublishedFinding out = cannot(std::move(claim), printed, "");
    out.outcome = Reproduction::DoesNot;
    out.recomputed = printed.value->value > bounds.high ? bounds.high : bounds.low;
    out.difference = out.recomputed - printed.value->value;
    out.words =
        fmt::format("does not: if a loss only falls with training, the printed losses bound it {}",
                    bounds_text(bounds));
    return out;
  }
  if (!line) {
    return cannot(std::move(claim), printed,
                  fmt::format("the loss at the printed budgets does not enclose the baseline's; "
                              "{} is all that follows",
                              bounds_text(bounds)));
  }
  PublishedFinding out = judged(claim, printed, *line);
  if (out.outcome == Reproduction::Reproduces) return out;
  out.outcome = Reproduction::CannotSay;
  out.words = fmt::format(
      "cannot be recomputed: the curve between the printed budgets is not printed; a straight line "
      "in logarithms gives {}, and only {} follows",
      value_text(line->value), bounds_text(bounds));
  return out;
}

}  // namespace

// speedup = budget / the budget at which the model reaches the baseline's loss at `budget` (Primer,
// figure 6). The model's curve is every row that differs from the printed one in its budget alone.
CheckResult check_equal_loss(const CheckInput& input) {
  const Spec& spec = input.spec;
  const std::string& place = spec.place;
  const std::string budget = spec_string(spec, "budget"), loss = spec_string(spec, "loss");
  const std::string model = spec_string(spec, "model"), baseline = spec_string(spec, "baseline");
  const PublishedTable& table = *input.table;
  const Spec printed_spec = spec_object(spec, "printed");
  const PublishedCell printed = read_cell(input, printed_spec);
  if (!printed.value)
    return {{cannot(claim_of(input), printed, printed.what + " is not printed")}, {}};
  const CsvRow& row = *matching_rows(input, printed_spec).front();
  const auto text = [&](const CsvRow& of, const std::string& column) {
    return of.fields[published_column(table, column, place)];
  };
  // The columns that tell rows apart are those of for_each; the baseline column is no such one.
  const auto same = [&](const CsvRow& other) {
    return std::all_of(input.group.begin(), input.group.end(), [&](const auto& bound) {
      return bound.first == budget || bound.first == model || bound.first == baseline ||
             text(other, bound.first) == bound.second;
    });
  };
  EqualLossQuestion ask;
  bool has_baseline = false;
  for (const CsvRow& other : table.data.rows) {
    if (!same(other)) continue;
    const PublishedCell at = field_of(table, other, budget, place);
    const PublishedCell quality = field_of(table, other, loss, place);
    if (!at.value || !quality.value) continue;
    if (text(other, model) == text(row, model)) ask.curve.push_back({*at.value, *quality.value});
    if (text(other, model) == text(row, baseline) && text(other, budget) == text(row, budget)) {
      ask.baseline = {*at.value, *quality.value};
      has_baseline = true;
    }
  }
  if (!has_baseline) {
    return {
        {cannot(claim_of(input), printed,
                fmt::format("no row of its baseline '{}' at this budget", text(row, baseline)))},
        {}};
  }
  std::sort(ask.curve.begin(), ask.curve.end(), [](const CurvePoint& a, const CurvePoint& b) {
    return a.budget.value < b.budget.value;
  });
  return {{judged_curve(claim_of(input), printed, ask)}, {}};
}

}  // namespace isoloss
