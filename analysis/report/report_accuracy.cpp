#include "analysis/report/report_accuracy.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "analysis/plot/table_of.h"

namespace isoloss {
namespace {

constexpr double kMultiplierLevel = 0.95;

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

struct PairOnTask {
  const StudyTask& task;
  std::string candidate, baseline;
};

struct MultiplierBesideSaving {
  ComputeMultiplier accuracy;
  SavingsAt loss;
};

std::string shared_text(const SharingTest& test) {
  if (!test.tested) return "taken for granted: " + test.why_not;
  return test.shared() ? "not rejected" : "no";
}

}  // namespace

Table multipliers_table(const StudyResults& study) {
  TableOf<PairOnTask, MultiplierBesideSaving> table(
      "compute_at_equal_accuracy",
      "Compute of the baseline / compute of the candidate at equal accuracy, through task loss, "
      "with 95 % intervals; beside it the saving at equal held-out loss where the baseline has "
      "spent that much.");
  using At = const MultiplierBesideSaving&;
  table.words("task", "task", [](const PairOnTask& of) { return of.task.data.name(); });
  table.words("candidate", "candidate", &PairOnTask::candidate);
  table.words("baseline", "baseline", &PairOnTask::baseline);
  table.fixed("accuracy", "accuracy", 3, [](At at) { return at.accuracy.accuracy; });
  table.significant("baseline_flops", "FLOPs of baseline", 3,
                    [](At at) { return at.accuracy.baseline_flops; });
  table.fixed("multiplier", "at equal accuracy", 2, [](At at) { return at.accuracy.multiplier; });
  table.fixed_ends("interval", 2, [](At at) { return at.accuracy.interval; });
  table.fixed("loss_saving", "at equal loss", 2, [](At at) { return at.loss.savings; });
  table.fixed_ends("loss_saving", 2, [](At at) { return at.loss.interval; });
  table.sentence("why", "why none", [](At at) {
    return at.accuracy.interval ? "" : "no interval: " + at.accuracy.no_interval;
  });
  for (const StudyTask& task : study.tasks) {
    const ArchitectureAccuracy* baseline = task.fit.find(study.baseline);
    if (!baseline) continue;
    for (const std::string& name : study.architectures) {
      const ArchitectureAccuracy* candidate = task.fit.find(name);
      if (name == study.baseline || !candidate) continue;
      const PairOnTask of{task, name, study.baseline};
      const std::vector<double> accuracies = common_accuracies(*baseline, *candidate);
      if (accuracies.empty()) {
        table.refuse(of, !baseline->refusal.empty()    ? baseline->refusal
                         : !candidate->refusal.empty() ? candidate->refusal
                                                       : "no accuracy that both reach");
      }
      for (const double accuracy : accuracies) {
        const ComputeMultiplier saved =
            compute_multiplier(*baseline, *candidate, accuracy, kMultiplierLevel);
        table.add(of, {saved, loss_saving_at(study, name, saved.baseline_flops)});
      }
    }
  }
  return table.take();
}

Table sigmoids_table(const StudyResults& study) {
  TableOf<StudyTask, SigmoidFit> table(
      "accuracy_over_loss",
      "Accuracy = chance + a / (1 + e^(k (L - L0))) over the task's loss L, all architectures "
      "together. p: that one sigmoid each fits better by chance alone, by the F test and by "
      "resampled runs; below .05 each has its own.");
  const auto tested = [](double SharingTest::*number) {
    return [number](const StudyTask& task, const SigmoidFit&) {
      return task.fit.sharing.tested ? task.fit.sharing.*number : kNone;
    };
  };
  table.words("task", "task", [](const StudyTask& task) { return task.data.name(); });
  table.words("loss", "L", [](const StudyTask& task) { return task.data.loss(); });
  table.count("points", "points",
              [](const StudyTask& task, const SigmoidFit&) { return task.data.points.size(); });
  table.fixed("chance", "chance", 3, [](const SigmoidFit& fit) { return fit.curve.chance; });
  table.fixed("a", "a", 3, [](const SigmoidFit& fit) { return fit.curve.rise; });
  table.significant("k", "k", 3, [](const SigmoidFit& fit) { return fit.curve.slope; });
  table.significant("L0", "L0", 3, [](const SigmoidFit& fit) { return fit.curve.middle; });
  table.fixed("deviation", "scatter", 4, &SigmoidFit::deviation);
  table.fixed("f", "F", 2, tested(&SharingTest::f));
  table.fixed("p", "p by F", 3, tested(&SharingTest::p));
  table.fixed("bootstrap_p", "p by runs", 3, tested(&SharingTest::bootstrap_p));
  table.words("shared", "shared", [](const StudyTask& task, const SigmoidFit&) {
    return shared_text(task.fit.sharing);
  });
  table.sentence("flags", "flags", [](const SigmoidFit& fit) { return joined(fit.flags); });
  for (const StudyTask& task : study.tasks) {
    if (task.fit.sigmoid)
      table.add(task, *task.fit.sigmoid);
    else
      table.refuse(task, task.fit.refusal);
  }
  return table.take();
}

}  // namespace isoloss
