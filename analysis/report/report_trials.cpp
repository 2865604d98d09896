#include "analysis/report/report_trials.h"

#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/table_of.h"

namespace isoloss {
namespace {

std::string state_text(const RunRecord& run) {
  switch (run.state) {
    case RunState::Finished:
      return "finished";
    case RunState::Trunk:
      return "trunk of branches";
    case RunState::Diverged:
      return "diverged: " + run.reason;
    case RunState::Running:
      break;
  }
  return "not finished";
}

std::string role_text(const std::string& role) {
  if (role == "arm") return "lost rate";
  if (role == "check") return "runner-up check";
  if (role == "trunk") return "trunk";
  return "result";
}

// What each run is for at a budget.
using Roles = std::map<std::pair<std::string, double>, std::string>;

Roles roles_of(const std::vector<Point>& points) {
  Roles roles;
  for (const Point& point : points) {
    if (!std::isnan(point.budget)) roles[{point.run, point.budget}] = point.role;
  }
  return roles;
}

std::string role_of(const Roles& roles, const RunRecord& run, const Evaluation& at) {
  if (run.evaluations.empty()) return run.state == RunState::Trunk ? "trunk" : "";
  const auto found = std::isnan(at.budget) ? roles.end() : roles.find({run.header.id, at.budget});
  return found == roles.end() ? "result" : found->second;
}

Evaluation no_evaluation() {
  Evaluation nothing;
  nothing.budget = nothing.flops = nothing.tokens = nothing.loss = nothing.standard_error =
      nothing.seconds = kNone;
  return nothing;
}

double score_flops(const RunRecord& run, const Score& score) {
  for (const Evaluation& evaluation : run.evaluations) {
    if (evaluation.step == score.step) return evaluation.flops;
  }
  for (const auto& [name, flops] : run.header.flops_per_token) {
    if (name != "exact") continue;
    return flops * static_cast<double>(run.header.batch_tokens) * static_cast<double>(score.step);
  }
  return kNone;
}

template <class Told>
void model_columns(TableOf<RunRecord, Told>& table) {
  table.words("architecture", "architecture",
              [](const RunRecord& run) { return run.header.architecture; });
  table.words("size", "size", [](const RunRecord& run) { return run.header.size; });
  table.count("seed", "seed", [](const RunRecord& run) { return run.header.seed; });
}

template <class Told>
void rate_column(TableOf<RunRecord, Told>& table) {
  table.significant("learning_rate", "learning rate", 3,
                    [](const RunRecord& run) { return run.header.learning_rate; });
}

}  // namespace

Table frontier_table(const StudyResults& study) {
  TableOf<Frontier, Optimum> table(
      "frontiers",
      "Compute-optimal frontiers: the best loss each budget reaches, and the size that "
      "reaches it.");
  table.words("architecture", "architecture", &Frontier::architecture);
  table.words("frontier", "frontier", [](const Frontier& of) { return name_of(of.kind); });
  table.significant("budget", "budget", 4, [](const Optimum& at) { return at.point.budget; });
  table.significant("flops", "FLOPs", 4, [](const Optimum& at) { return at.point.flops; });
  table.fixed("loss", "loss (nats)", 4, [](const Optimum& at) { return at.point.loss; });
  table.fixed_ends("loss", 4, &Optimum::loss);
  table.significant("optimal_parameters", "best size N*", 4,
                    [](const Optimum& at) { return at.point.optimal_parameters; });
  table.significant_ends("parameters", 3, &Optimum::parameters);
  table.significant("optimal_tokens", "tokens D*", 4, &Optimum::tokens);
  table.significant_ends("tokens", 3, &Optimum::token_interval);
  table.significant("tokens_per_parameter", "D* / N*", 3,
                    [](const Optimum& at) { return at.tokens / at.point.optimal_parameters; });
  table.words("used", "used", [](const Optimum& at) { return at.point.used ? "yes" : "no"; });
  table.sentence("why_not", "why not", [](const Optimum& at) { return at.point.why_not; });
  for (const ArchitectureFrontier& of : study.frontiers) {
    if (!of.frontier) continue;
    for (const Optimum& optimum : of.optima) table.add(*of.frontier, optimum);
  }
  return table.take();
}

Table seed_noise_table(const StudyResults& study) {
  TableOf<Replicates> table(
      "seed_noise",
      "Seed noise: runs that differ in seed alone. Worth: the share of compute that one "
      "standard deviation is worth at the frontier's last slope.");
  table.words("architecture", "architecture", &Replicates::architecture);
  table.words("size", "size",
              [](const Replicates& group) { return size_text(group.size, group.parameters); });
  table.significant("budget", "budget", 4, &Replicates::budget);
  table.significant("learning_rate", "learning rate", 3, &Replicates::learning_rate);
  table.count("seeds", "seeds", [](const Replicates& group) { return group.losses.size(); });
  table.fixed("mean_loss", "mean loss (nats)", 4, &Replicates::mean);
  table.fixed("deviation", "sd (nats)", 4, &Replicates::deviation);
  table.fixed("compute_share", "worth (% of compute)", 1,
              [](const Replicates& group) { return 100 * group.compute_share; });
  for (const Replicates& group : study.replicates) table.add(group);
  return table.take();
}

Table trials_table(const StudyResults& study) {
  const Roles roles = roles_of(study.all.points);
  TableOf<RunRecord, Evaluation> table(
      "trials",
      "Every trial. SE is over the held-out sequences: these documents only. Not "
      "embedding: parameters outside the token embedding.");
  model_columns(table);
  table.words("role", "role", [&](const RunRecord& run, const Evaluation& at) {
    return role_text(role_of(roles, run, at));
  });
  rate_column(table);
  table.count("parameters", "parameters",
              [](const RunRecord& run) { return run.header.parameters_total; });
  table.count("parameters_non_embedding", "not embedding", [](const RunRecord& run) {
    return run.header.parameters_total - run.header.parameters_embedding;
  });
  table.significant("budget", "budget", 4, &Evaluation::budget);
  table.significant("flops", "FLOPs spent", 5, &Evaluation::flops);
  table.significant("tokens", "tokens", 5, &Evaluation::tokens);
  table.fixed("loss", "loss (nats)", 4, &Evaluation::loss);
  table.fixed("standard_error", "SE", 4, &Evaluation::standard_error);
  table.fixed("bits_per_byte", "bits/byte", 4, [](const RunRecord& run, const Evaluation& at) {
    return at.loss / std::numbers::ln2 / run.header.bytes_per_token;
  });
  table.fixed("epochs", "epochs", 2, [](const RunRecord& run, const Evaluation& at) {
    return at.tokens / run.header.training_tokens;
  });
  table.fixed("seconds", "seconds", 1, &Evaluation::seconds);
  table.words("state", "state", state_text);
  table.words("run", "run", [](const RunRecord& run) { return run.header.id; });
  for (const RunRecord& run : study.all.runs) {
    for (const Evaluation& evaluation : run.evaluations) table.add(run, evaluation);
    if (run.evaluations.empty()) table.add(run, no_evaluation());
  }
  return table.take();
}

Table scores_table(const StudyResults& study) {
  TableOf<RunRecord, Score> table(
      "one_shot",
      "One-shot scores: one worked example before each item; SE is the standard error over "
      "items.");
  model_columns(table);
  rate_column(table);
  table.significant("flops", "FLOPs spent", 4, score_flops);
  table.words("task", "task", &Score::task);
  table.words("metric", "metric", &Score::metric);
  table.fixed("value", "value", 4, &Score::value);
  table.fixed("standard_error", "SE", 4, &Score::standard_error);
  table.count("n", "n", &Score::n);
  table.fixed("chance", "chance", 4, &Score::chance);
  for (const RunRecord& run : study.all.runs) {
    for (const Score& score : run.scores) table.add(run, score);
  }
  return table.take();
}

}  // namespace isoloss
