// The tables of predicted accuracy (report_accuracy.h).
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/table_of.h"
#include "analysis/report/report_accuracy.h"

namespace isoloss {
namespace {

constexpr double kLarger = 10;  // times the largest compute
constexpr double kPredictedLevel = 0.95;

// The form whose prediction is nearest to what was measured; empty where none can be compared.
const char* closest_form(const HeldOutAccuracy& held) {
  const std::pair<const char*, double> forms[] = {
      {"two steps", held.two_step}, {"exponential", held.exponential}, {"one step", held.one_step}};
  const char* closest = "";
  double least = HUGE_VAL;
  for (const auto& [form, predicted] : forms) {
    const double error = std::abs(predicted - held.measured);
    if (!(error < least)) continue;
    least = error;
    closest = form;
  }
  return closest;
}

struct ModelOnTask {
  const StudyTask& task;
  std::string architecture;
};

// Accuracy of a larger model, and the same widened as the folds call for.
struct LargerModel {
  const ArchitectureAccuracy& fit;
  AccuracyAt at, widened;
};

std::string larger_note(const ModelOnTask& of, const LargerModel& larger) {
  if (!larger.at.interval) return "no interval: " + why_no_interval(larger.fit);
  const AccuracyHoldOut& held = of.task.held_out;
  return held.predictions > 0 ? "" : "not widened: " + held.missing;
}

}  // namespace

Table accuracy_hold_out_table(const StudyResults& study) {
  TableOf<StudyTask, HeldOutAccuracy> table(
      "accuracy_hold_out",
      "The largest compute predicted from the smaller budgets, at the best size: in two steps by "
      "the sigmoid (with the 95 % interval of one trial) and by an exponential of the loss, and "
      "in one step by a power law of -ln accuracy. SE: of what was measured, over items.");
  table.words("task", "task", [](const StudyTask& task) { return task.data.name(); });
  table.words("architecture", "architecture", &HeldOutAccuracy::architecture);
  table.significant("fitted_to", "fitted to FLOPs", 3, &HeldOutAccuracy::fitted_to);
  table.significant("flops", "predicted FLOPs", 3, &HeldOutAccuracy::flops);
  table.fixed("measured", "measured", 4, &HeldOutAccuracy::measured);
  table.fixed("standard_error", "SE", 4, &HeldOutAccuracy::standard_error);
  table.fixed("two_step", "two steps", 4, &HeldOutAccuracy::two_step);
  table.fixed_ends("interval", 4, &HeldOutAccuracy::interval);
  table.fixed("exponential", "exponential", 4, &HeldOutAccuracy::exponential);
  table.fixed("one_step", "one step", 4, &HeldOutAccuracy::one_step);
  table.words("closest", "closest", closest_form);
  table.sentence("why", "why none", [](const HeldOutAccuracy&) { return ""; });
  for (const StudyTask& task : study.tasks) {
    if (task.held_out.largest.empty()) table.refuse(task, task.held_out.missing);
    std::vector<HeldOutAccuracy> rows = task.held_out.largest;
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const HeldOutAccuracy& a, const HeldOutAccuracy& b) {
                       return style_of(study, a.architecture) < style_of(study, b.architecture);
                     });
    for (const HeldOutAccuracy& row : rows) table.add(task, row);
  }
  return table.take();
}

Table larger_models_table(const StudyResults& study) {
  TableOf<ModelOnTask, LargerModel> table(
      "accuracy_of_larger_models",
      "Accuracy of one trial at ten times the largest compute, at the best size: 95 % interval "
      "of the fit, and widened by what it took to hold 95 % of the budgets predicted from "
      "smaller ones.");
  const auto of_folds = [](double AccuracyHoldOut::*number) {
    return [number](const ModelOnTask& of, const LargerModel&) {
      return of.task.held_out.predictions > 0 ? of.task.held_out.*number : kNone;
    };
  };
  table.words("task", "task", [](const ModelOnTask& of) { return of.task.data.name(); });
  table.words("architecture", "architecture", &ModelOnTask::architecture);
  table.significant("flops", "FLOPs", 3, [](const LargerModel& of) { return of.at.flops; });
  table.fixed("accuracy", "accuracy", 4, [](const LargerModel& of) { return of.at.accuracy; });
  table.fixed_ends("interval", 4, [](const LargerModel& of) { return of.at.interval; });
  table.fixed("factor", "widened by", 2, of_folds(&AccuracyHoldOut::factor));
  table.count("predictions", "from predictions", [](const ModelOnTask& of, const LargerModel&) {
    return of.task.held_out.predictions;
  });
  table.fixed("coverage", "of them inside", 2, of_folds(&AccuracyHoldOut::coverage));
  table.fixed_ends("widened", 4, [](const ModelOnTask& of, const LargerModel& larger) {
    return of.task.held_out.predictions > 0 ? larger.widened.interval : std::nullopt;
  });
  table.sentence("why", "why none", larger_note);
  for (const StudyTask& task : study.tasks) {
    for (const std::string& architecture : study.architectures) {
      const ArchitectureAccuracy* fit = task.fit.find(architecture);
      if (!fit) continue;
      const ModelOnTask of{task, architecture};
      if (!fit->loss) {
        table.refuse(of, fit->refusal);
        continue;
      }
      const double flops = kLarger * fit->flops.second;
      table.add(of, {*fit, accuracy_at(*fit, flops, kPredictedLevel, true),
                     accuracy_at(*fit, flops, kPredictedLevel, true, task.held_out.factor)});
    }
  }
  return table.take();
}

}  // namespace isoloss
