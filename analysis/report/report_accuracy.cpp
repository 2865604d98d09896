#include "analysis/report/report_accuracy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/number_text.h"

namespace isoloss {
namespace {

constexpr double kLarger = 10;  // times the largest compute
constexpr double kTaskLevel = 0.95;

// The saving at equal loss where the baseline has spent `flops`, by interpolation between the
// places of its curve; NaN outside.
SavingsAt loss_saving_at(const StudyResults& study, const std::string& candidate, double flops) {
  SavingsAt none{kNone, kNone, std::nullopt, false};
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.wall_clock || comparison.candidate != candidate ||
        comparison.baseline != study.baseline || !comparison.savings) {
      continue;
    }
    const std::vector<SavingsAt>& curve = comparison.savings->by_compute;
    for (std::size_t i = 1; i < curve.size(); ++i) {
      const SavingsAt &a = curve[i - 1], &b = curve[i];
      const double low = std::min(a.baseline_compute, b.baseline_compute);
      const double high = std::max(a.baseline_compute, b.baseline_compute);
      if (flops < low || flops > high) continue;
      return std::abs(std::log(flops / a.baseline_compute)) <
                     std::abs(std::log(flops / b.baseline_compute))
                 ? a
                 : b;
    }
  }
  return none;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace

Table multipliers_table(const StudyResults& study) {
  Table table{
      "compute_at_equal_accuracy",
      "Compute of the baseline / compute of the candidate at equal accuracy, through task loss, "
      "with 95 % intervals; beside it the saving at equal held-out loss where the baseline has "
      "spent that much.",
      {words_column("task", "task"), words_column("candidate", "candidate"),
       words_column("baseline", "baseline"), number_column("accuracy", "accuracy"),
       number_column("baseline_flops", "FLOPs of baseline"),
       number_column("multiplier", "at equal accuracy"), number_column("interval_low", "from"),
       number_column("interval_high", "to"), number_column("loss_saving", "at equal loss"),
       number_column("loss_saving_low", "from"), number_column("loss_saving_high", "to"),
       sentence_column("why", "why none")},
      {}};
  for (const StudyTask& task : study.tasks) {
    const ArchitectureAccuracy* baseline = task.fit.find(study.baseline);
    if (!baseline) continue;
    for (const std::string& name : study.architectures) {
      const ArchitectureAccuracy* candidate = task.fit.find(name);
      if (name == study.baseline || !candidate) continue;
      const std::vector<TableCell> first{text_cell(task.data.name()), text_cell(name),
                                         text_cell(study.baseline)};
      const std::vector<double> at = common_accuracies(*baseline, *candidate);
      if (at.empty()) {
        const std::string why = !baseline->refusal.empty()    ? baseline->refusal
                                : !candidate->refusal.empty() ? candidate->refusal
                                                              : "no accuracy that both reach";
        table.rows.push_back(refused_row(table, first, why));
        continue;
      }
      for (const double accuracy : at) {
        const ComputeMultiplier saved =
            compute_multiplier(*baseline, *candidate, accuracy, kTaskLevel);
        const Interval ends = ends_of(saved.interval);
        const SavingsAt loss = loss_saving_at(study, name, saved.baseline_flops);
        const Interval loss_ends = ends_of(loss.interval);
        std::vector<TableCell> row = first;
        for (TableCell cell :
             {fixed_cell(accuracy, 3), significant_cell(saved.baseline_flops, 3),
              fixed_cell(saved.multiplier, 2), fixed_cell(ends.first, 2),
              fixed_cell(ends.second, 2), fixed_cell(loss.savings, 2),
              fixed_cell(loss_ends.first, 2), fixed_cell(loss_ends.second, 2),
              text_cell(saved.interval ? "" : "no interval: " + saved.no_interval)}) {
          row.push_back(std::move(cell));
        }
        table.rows.push_back(std::move(row));
      }
    }
  }
  return table;
}

Table sigmoids_table(const StudyResults& study) {
  Table table{
      "accuracy_over_loss",
      "Accuracy = chance + a / (1 + e^(k (L - L0))) over the task's loss L, all architectures "
      "together. p: that one sigmoid each fits better by chance alone, by the F test and by "
      "resampled runs; below .05 each has its own.",
      {words_column("task", "task"), words_column("loss", "L"), number_column("points", "points"),
       number_column("chance", "chance"), number_column("a", "a"), number_column("k", "k"),
       number_column("L0", "L0"), number_column("deviation", "scatter"), number_column("f", "F"),
       number_column("p", "p by F"), number_column("bootstrap_p", "p by runs"),
       words_column("shared", "shared"), sentence_column("flags", "flags")},
      {}};
  for (const StudyTask& task : study.tasks) {
    const std::vector<TableCell> first{text_cell(task.data.name()), text_cell(task.data.loss())};
    if (!task.fit.sigmoid) {
      table.rows.push_back(refused_row(table, first, task.fit.refusal));
      continue;
    }
    const SigmoidFit& fit = *task.fit.sigmoid;
    const SharingTest& test = task.fit.sharing;
    std::vector<TableCell> row = first;
    for (TableCell cell :
         {fixed_cell(static_cast<double>(task.data.points.size()), 0),
          fixed_cell(fit.curve.chance, 3), fixed_cell(fit.curve.rise, 3),
          significant_cell(fit.curve.slope, 3), significant_cell(fit.curve.middle, 3),
          fixed_cell(fit.deviation, 4), fixed_cell(test.tested ? test.f : kNone, 2),
          fixed_cell(test.tested ? test.p : kNone, 3),
          fixed_cell(test.tested ? test.bootstrap_p : kNone, 3),
          text_cell(!test.tested    ? "taken for granted: " + test.why_not
                    : test.shared() ? "not rejected"
                                    : "no"),
          text_cell(joined(fit.flags))}) {
      row.push_back(std::move(cell));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table accuracy_hold_out_table(const StudyResults& study) {
  Table table{
      "accuracy_hold_out",
      "The largest compute predicted from the smaller budgets, at the best size: in two steps by "
      "the sigmoid (with the 95 % interval of one trial) and by an exponential of the loss, and "
      "in one step by a power law of -ln accuracy. SE: of what was measured, over items.",
      {words_column("task", "task"), words_column("architecture", "architecture"),
       number_column("fitted_to", "fitted to FLOPs"), number_column("flops", "predicted FLOPs"),
       number_column("measured", "measured"), number_column("standard_error", "SE"),
       number_column("two_step", "two steps"), number_column("interval_low", "from"),
       number_column("interval_high", "to"), number_column("exponential", "exponential"),
       number_column("one_step", "one step"), words_column("closest", "closest"),
       sentence_column("why", "why none")},
      {}};
  for (const StudyTask& task : study.tasks) {
    const TableCell name = text_cell(task.data.name());
    if (task.held_out.largest.empty()) {
      table.rows.push_back(refused_row(table, {name}, task.held_out.missing));
      continue;
    }
    std::vector<HeldOutAccuracy> rows = task.held_out.largest;
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const HeldOutAccuracy& a, const HeldOutAccuracy& b) {
                       return style_of(study, a.architecture) < style_of(study, b.architecture);
                     });
    for (const HeldOutAccuracy& row : rows) {
      const Interval ends = ends_of(row.interval);
      const std::pair<const char*, double> forms[] = {{"two steps", row.two_step},
                                                      {"exponential", row.exponential},
                                                      {"one step", row.one_step}};
      const char* closest = "";
      double least = HUGE_VAL;
      for (const auto& [form, predicted] : forms) {
        const double error = std::abs(predicted - row.measured);
        if (!(error < least)) continue;
        least = error;
        closest = form;
      }
      table.rows.push_back({name, text_cell(row.architecture), significant_cell(row.fitted_to, 3),
                            significant_cell(row.flops, 3), fixed_cell(row.measured, 4),
                            fixed_cell(row.standard_error, 4), fixed_cell(row.two_step, 4),
                            fixed_cell(ends.first, 4), fixed_cell(ends.second, 4),
                            fixed_cell(row.exponential, 4), fixed_cell(row.one_step, 4),
                            text_cell(closest), text_cell("")});
    }
  }
  return table;
}

Table larger_models_table(const StudyResults& study) {
  Table table{
      "accuracy_of_larger_models",
      "Accuracy of one trial at ten times the largest compute, at the best size: 95 % interval "
      "of the fit, and widened by what it took to hold 95 % of the budgets predicted from "
      "smaller ones.",
      {words_column("task", "task"), words_column("architecture", "architecture"),
       number_column("flops", "FLOPs"), number_column("accuracy", "accuracy"),
       number_column("interval_low", "from"), number_column("interval_high", "to"),
       number_column("factor", "widened by"), number_column("predictions", "from predictions"),
       number_column("coverage", "of them inside"), number_column("widened_low", "from"),
       number_column("widened_high", "to"), sentence_column("why", "why none")},
      {}};
  for (const StudyTask& task : study.tasks) {
    for (const std::string& architecture : study.architectures) {
      const ArchitectureAccuracy* found = task.fit.find(architecture);
      if (!found) continue;
      const ArchitectureAccuracy& one = *found;
      const std::vector<TableCell> first{text_cell(task.data.name()), text_cell(architecture)};
      if (!one.loss) {
        table.rows.push_back(refused_row(table, first, one.refusal));
        continue;
      }
      const AccuracyHoldOut& held = task.held_out;
      const bool known = held.predictions > 0;
      const double flops = kLarger * one.flops.second;
      const AccuracyAt at = accuracy_at(one, flops, kTaskLevel, true);
      const AccuracyAt widened = accuracy_at(one, flops, kTaskLevel, true, held.factor);
      const Interval ends = ends_of(at.interval);
      const Interval wide = known ? ends_of(widened.interval) : Interval{kNone, kNone};
      const std::string why = !at.interval ? "no interval: " + why_no_interval(one)
                              : known      ? ""
                                           : "not widened: " + held.missing;
      std::vector<TableCell> row = first;
      for (TableCell cell :
           {significant_cell(flops, 3), fixed_cell(at.accuracy, 4), fixed_cell(ends.first, 4),
            fixed_cell(ends.second, 4), fixed_cell(known ? held.factor : kNone, 2),
            fixed_cell(static_cast<double>(held.predictions), 0),
            fixed_cell(known ? held.coverage : kNone, 2), fixed_cell(wide.first, 4),
            fixed_cell(wide.second, 4), text_cell(why)}) {
        row.push_back(std::move(cell));
      }
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

}  // namespace isoloss
