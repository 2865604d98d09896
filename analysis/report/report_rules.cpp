#include "analysis/report/report_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "analysis/plot/number_text.h"
#include "analysis/report/report_spec.h"

namespace isoloss {
namespace {

using Sentences = std::vector<std::string>;

void about_baselines(const StudyResults& study, Sentences& out) {
  if (study.architectures.size() < 2) return;
  const auto& names = study.architectures;
  if (std::find(names.begin(), names.end(), "transformer++") == names.end()) {
    out.push_back(
        "There is no transformer++, the best known baseline: savings are against weaker ones "
        "only.");
  }
}

void about_training(const StudyResults& study, Sentences& out) {
  std::set<double> batches, warmups;
  std::set<std::string> schedules;
  for (const RunRecord& run : study.all.runs) {
    const auto batch = static_cast<double>(run.header.batch_tokens);
    batches.insert(batch);
    const double steps = spec_number(run.header, {"optimizer", "warmup_steps"});
    if (std::isfinite(steps)) warmups.insert(steps * batch);
    schedules.insert(spec_text(run.header, {"optimizer", "schedule"}));
  }
  const double largest = batches.empty() ? 0 : *batches.rbegin();
  if (study.architectures.size() > 1 && !batches.contains(largest / 2)) {
    out.push_back(
        "No frontier was trained at half the batch: what the batch size does to the savings "
        "was not checked.");
  }
  if (batches.size() > 1) out.push_back("Runs differ in batch size.");
  if (warmups.size() > 1) out.push_back("Runs differ in warm-up, counted in tokens.");
  if (schedules.contains("rsqrt")) {
    out.push_back(
        "Losses under the rsqrt schedule are undecayed; no frontier pair was trained again "
        "with a decay.");
  }
}

void about_learning_rates(const StudyResults& study, Sentences& out) {
  if (study.all.decisions.empty()) {
    out.push_back(
        "The learning rate was not searched for each architecture: savings may measure "
        "learning rates.");
    return;
  }
  double widest = 1;
  std::set<std::string> edges, unchecked;
  for (const Decision& decision : study.all.decisions) {
    for (std::size_t i = 1; i < decision.arms.size(); ++i) {
      widest =
          std::max(widest, decision.arms[i].learning_rate / decision.arms[i - 1].learning_rate);
    }
    if (decision.at_edge) edges.insert(decision.architecture + " at " + decision.size);
    const RunRecord* check = find_run(study, decision.runner_up);
    if (!check || check->evaluations.empty() ||
        check->evaluations.back().budget <= decision.budget * 1.0001) {
      unchecked.insert(decision.architecture);
    }
  }
  if (widest > 1.8 * 1.0001) {
    out.push_back(
        fmt::format("Neighbours in the learning-rate search lie up to {} times apart, more than "
                    "1.8.",
                    factor(widest)));
  }
  const auto joined = [](const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  if (!edges.empty()) {
    out.push_back(
        fmt::format("The best learning rate is at the edge of the search ({}): a better one "
                    "may lie beyond.",
                    joined(edges)));
  }
  if (!unchecked.empty()) {
    out.push_back(
        fmt::format("The runner-up rate was not trained beyond the decision as a check ({}).",
                    joined(unchecked)));
  }
}

void about_noise(const StudyResults& study, Sentences& out) {
  std::set<std::string> replicated, all_sizes;
  std::size_t fewest = study.replicates.empty() ? 0 : std::numeric_limits<std::size_t>::max();
  for (const Replicates& group : study.replicates) {
    replicated.insert(size_text(group.size, group.parameters));
    fewest = std::min(fewest, group.losses.size());
  }
  if (replicated.empty()) {
    out.push_back(
        "No trial was repeated with another seed: seed noise not measured, so there are no "
        "intervals.");
  } else if (replicated.size() < 2) {
    out.push_back(
        "Seeds were repeated at one size only; two sizes are asked for where an interval is "
        "printed.");
  }
  std::set<double> budgets;
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const ArchitectureFrontier& own : study.frontiers) {
    if (!own.frontier) continue;
    for (const FrontierPoint& point : own.frontier->used()) {
      budgets.insert(point.budget);
      low = std::min(low, point.flops);
      high = std::max(high, point.flops);
    }
  }
  if (budgets.size() < 6) {
    out.push_back(
        fmt::format("{} on the frontier: fewer than six cannot identify a floor, so savings "
                    "are interpolated or rest on an assumed one.",
                    count_text(budgets.size(), "budget")));
  }
  const double decades = high > low ? std::log10(high / low) : 0;
  if (study.architectures.size() > 1 && (decades < 1.5 || fewest < 3)) {
    out.push_back(fmt::format(
        "Growth of the savings needs 1.5 decades of compute and three seeds; the "
        "frontiers span {} decades with {}.",
        fixed(decades, 2), fewest < 2 ? "no repeated seed" : count_text(fewest, "seed")));
  }
}

void about_data(const StudyResults& study, Sentences& out) {
  double epochs = 0;
  bool below = false, above = false;
  std::set<std::string> machines, versions, tokenizers;
  for (const RunRecord& run : study.all.runs) {
    for (const Evaluation& evaluation : run.evaluations) {
      epochs = std::max(epochs, evaluation.tokens / run.header.training_tokens);
    }
    machines.insert(run.header.machine);
    versions.insert(run.header.code_version);
    const double limit = spec_number(run.header, {"optimizer", "min_dim_factored"});
    if (spec_text(run.header, {"optimizer", "name"}) == "adafactor" && std::isfinite(limit)) {
      (static_cast<double>(run.header.d_model) < limit ? below : above) = true;
    }
  }
  if (std::isfinite(epochs) && epochs > 1) {
    out.push_back(fmt::format("Training repeats its text: up to {} epochs.", fixed(epochs, 2)));
  }
  if (below && above) {
    out.push_back(
        "The sizes cross Adafactor's min_dim_factored: the larger ones are trained with "
        "factored statistics, the smaller ones without.");
  }
  if (machines.size() > 1)
    out.push_back(
        "Runs come from more than one kind of machine: seconds do not "
        "compare.");
  if (versions.size() > 1) out.push_back("Runs come from more than one version of the code.");
  if (study.architectures.size() > 1) {
    out.push_back(
        "Seconds are those of the study's own runs, which may have shared the machine: "
        "throughput was not measured alone on an idle device.");
  }
}

}  // namespace

std::vector<std::string> broken_rules(const StudyResults& study) {
  Sentences out;
  about_baselines(study, out);
  if (study.from_csv()) {
    out.push_back(
        "A table of points does not say how its runs were trained: batch, warm-up, schedule, "
        "learning-rate search and repeated text are not checked.");
    about_noise(study, out);
    return out;
  }
  about_training(study, out);
  about_learning_rates(study, out);
  about_noise(study, out);
  about_data(study, out);
  return out;
}

}  // namespace isoloss
