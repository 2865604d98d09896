#include "analysis/report/report_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "analysis/numbers/statistics.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_crossing.h"
#include "analysis/savings/loss_change.h"

namespace isoloss {
namespace {

std::string state_of(const RunRecord& run) {
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

}  // namespace

Table savings_table(const StudyResults& study) {
  Table table{
      "savings",
      "Savings: compute the baseline needs / compute the candidate needs, at equal loss, with "
      "95 % intervals.",
      {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
       words_column("unit", "in"), number_column("loss", "loss (nats)"),
       number_column("savings", "savings"), number_column("interval_low", "from"),
       number_column("interval_high", "to"), words_column("extrapolated", "extrapolated"),
       words_column("frontier", "frontier"), words_column("floor", "floor"),
       sentence_column("why_not", "why not")},
      {}};
  table.cards = true;
  for (const Comparison& comparison : study.comparisons) {
    const TableCell unit = text_cell(comparison.wall_clock ? "seconds" : "FLOPs");
    if (!comparison.savings) {
      table.rows.push_back(refused_row(
          table, {text_cell(comparison.candidate), text_cell(comparison.baseline), unit},
          comparison.refusal));
      continue;
    }
    const Savings& savings = *comparison.savings;
    for (const SavingsAt& at : savings.at) {
      const Interval interval = ends_of(at.interval);
      table.rows.push_back({text_cell(comparison.candidate), text_cell(comparison.baseline), unit,
                            fixed_cell(at.loss, 3), fixed_cell(at.savings, 2),
                            fixed_cell(interval.first, 2), fixed_cell(interval.second, 2),
                            text_cell(at.extrapolated ? "yes" : "no"),
                            text_cell(name_of(savings.frontier)), text_cell(savings.floor.name),
                            text_cell(at.interval                   ? ""
                                      : savings.seed_noise.measured ? "no interval"
                                                                    : "seed noise not measured")});
    }
  }
  return table;
}

Table loss_changes_table(const StudyResults& study, const ReportOptions& options) {
  Table table{
      "loss_changes",
      "Change of loss at equal compute against " + study.baseline +
          ", each at its own best size, with 95 % intervals; below zero the candidate is better. "
          "Perplexity gain: (baseline - candidate) / baseline.",
      {words_column("candidate", "candidate"), number_column("budget", "budget"),
       number_column("baseline_loss", "baseline (nats)"),
       number_column("candidate_loss", "candidate (nats)"),
       number_column("change", "change (nats)"), number_column("interval_low", "from"),
       number_column("interval_high", "to"),
       number_column("perplexity_gain", "perplexity gain (%)"), sentence_column("note", "note")},
      {}};
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.wall_clock || comparison.baseline != study.baseline) continue;
    std::vector<LossChange> changes;
    try {
      changes = loss_changes(study.results, savings_options(comparison, options));
    } catch (const std::runtime_error&) {
      continue;  // the savings table says why these do not compare
    }
    for (const LossChange& change : changes) {
      const Interval interval = ends_of(change.interval);
      table.rows.push_back({text_cell(comparison.candidate), significant_cell(change.budget, 4),
                            fixed_cell(change.baseline, 4), fixed_cell(change.candidate, 4),
                            fixed_cell(change.change, 4), fixed_cell(interval.first, 4),
                            fixed_cell(interval.second, 4),
                            fixed_cell(100 * change.perplexity_gain, 2), text_cell(change.note)});
    }
  }
  return table;
}

Table crossings_table(const StudyResults& study) {
  Table table{"crossings",
              "Single runs of one size and seed: compute of the baseline's run / compute at which "
              "the candidate's run reaches the baseline's last loss. At one size the factor grows "
              "with training time; the savings above compare frontiers.",
              {words_column("candidate", "candidate"), words_column("baseline", "baseline"),
               words_column("size", "size"), number_column("seed", "seed"),
               number_column("loss", "baseline's last loss"),
               number_column("baseline_flops", "baseline's FLOPs"),
               number_column("candidate_flops", "candidate's FLOPs there"),
               number_column("speedup", "speed-up"), sentence_column("why_not", "why not")},
              {}};
  for (const std::string& candidate : study.architectures) {
    if (study.baseline.empty() || candidate == study.baseline) continue;
    const std::vector<Crossing> all = crossings(study.results, study.baseline, candidate);
    for (const Crossing& crossing : all) {
      const auto same = std::count_if(all.begin(), all.end(), [&](const Crossing& other) {
        return other.size == crossing.size && other.seed == crossing.seed;
      });
      // A label that means several models is told with its parameters.
      const std::string size =
          same > 1 ? fmt::format("{}, {}", crossing.size, significant(crossing.parameters, 3))
                   : crossing.size;
      table.rows.push_back(
          {text_cell(candidate), text_cell(crossing.baseline), text_cell(size),
           fixed_cell(static_cast<double>(crossing.seed), 0), fixed_cell(crossing.loss, 4),
           significant_cell(crossing.baseline_flops, 4),
           significant_cell(crossing.candidate_flops.value_or(kNone), 4),
           fixed_cell(crossing.speedup.value_or(kNone), 2), text_cell(crossing.why_not)});
    }
  }
  return table;
}

Table frontier_table(const StudyResults& study) {
  Table table{
      "frontiers",
      "Compute-optimal frontiers: the best loss each budget reaches, and the size that "
      "reaches it.",
      {words_column("architecture", "architecture"), words_column("frontier", "frontier"),
       number_column("budget", "budget"), number_column("flops", "FLOPs"),
       number_column("loss", "loss (nats)"), number_column("loss_low", "from"),
       number_column("loss_high", "to"), number_column("optimal_parameters", "best size N*"),
       number_column("parameters_low", "from"), number_column("parameters_high", "to"),
       number_column("optimal_tokens", "tokens D*"), number_column("tokens_low", "from"),
       number_column("tokens_high", "to"), number_column("tokens_per_parameter", "D* / N*"),
       words_column("used", "used"), sentence_column("why_not", "why not")},
      {}};
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    if (!study.frontiers[i].frontier) continue;
    for (const Optimum& optimum : study.frontiers[i].optima) {
      const FrontierPoint& point = optimum.point;
      const Interval loss = ends_of(optimum.loss);
      const Interval parameters = ends_of(optimum.parameters);
      const Interval tokens = ends_of(optimum.token_interval);
      table.rows.push_back(
          {text_cell(study.architectures[i]), text_cell(name_of(study.frontiers[i].frontier->kind)),
           significant_cell(point.budget, 4), significant_cell(point.flops, 4),
           fixed_cell(point.loss, 4), fixed_cell(loss.first, 4), fixed_cell(loss.second, 4),
           significant_cell(point.optimal_parameters, 4), significant_cell(parameters.first, 3),
           significant_cell(parameters.second, 3), significant_cell(optimum.tokens, 4),
           significant_cell(tokens.first, 3), significant_cell(tokens.second, 3),
           significant_cell(optimum.tokens / point.optimal_parameters, 3),
           text_cell(point.used ? "yes" : "no"), text_cell(point.why_not)});
    }
  }
  return table;
}

Table seed_noise_table(const StudyResults& study) {
  Table table{"seed_noise",
              "Seed noise: runs that differ in seed alone. Worth: the share of compute that one "
              "standard deviation is worth at the frontier's last slope.",
              {words_column("architecture", "architecture"), words_column("size", "size"),
               number_column("budget", "budget"), number_column("learning_rate", "learning rate"),
               number_column("seeds", "seeds"), number_column("mean_loss", "mean loss (nats)"),
               number_column("deviation", "sd (nats)"),
               number_column("compute_share", "worth (% of compute)")},
              {}};
  for (const Replicates& group : study.replicates) {
    table.rows.push_back(
        {text_cell(group.architecture), text_cell(size_text(group.size, group.parameters)),
         significant_cell(group.budget, 4), significant_cell(group.learning_rate, 3),
         fixed_cell(static_cast<double>(group.losses.size()), 0), fixed_cell(group.mean, 4),
         fixed_cell(group.deviation, 4), fixed_cell(100 * group.compute_share, 1)});
  }
  return table;
}

Table trials_table(const StudyResults& study) {
  Table table{
      "trials",
      "Every trial. SE is over the held-out sequences: these documents only. Not "
      "embedding: parameters outside the token embedding.",
      {words_column("architecture", "architecture"), words_column("size", "size"),
       number_column("seed", "seed"), words_column("role", "role"),
       number_column("learning_rate", "learning rate"), number_column("parameters", "parameters"),
       number_column("parameters_non_embedding", "not embedding"),
       number_column("budget", "budget"), number_column("flops", "FLOPs spent"),
       number_column("tokens", "tokens"), number_column("loss", "loss (nats)"),
       number_column("standard_error", "SE"), number_column("bits_per_byte", "bits/byte"),
       number_column("epochs", "epochs"), number_column("seconds", "seconds"),
       words_column("state", "state"), words_column("run", "run")},
      {}};
  for (const RunRecord& run : study.all.runs) {
    const RunHeader& header = run.header;
    const auto row = [&](const Evaluation& evaluation, const std::string& role) {
      const double bits = evaluation.loss / std::numbers::ln2 / header.bytes_per_token;
      table.rows.push_back(
          {text_cell(header.architecture), text_cell(header.size),
           fixed_cell(static_cast<double>(header.seed), 0), text_cell(role_text(role)),
           significant_cell(header.learning_rate, 3),
           fixed_cell(static_cast<double>(header.parameters_total), 0),
           fixed_cell(static_cast<double>(header.parameters_total - header.parameters_embedding),
                      0),
           significant_cell(evaluation.budget, 4), significant_cell(evaluation.flops, 5),
           significant_cell(evaluation.tokens, 5), fixed_cell(evaluation.loss, 4),
           fixed_cell(evaluation.standard_error, 4), fixed_cell(bits, 4),
           fixed_cell(evaluation.tokens / header.training_tokens, 2),
           fixed_cell(evaluation.seconds, 1), text_cell(state_of(run)), text_cell(header.id)});
    };
    for (const Evaluation& evaluation : run.evaluations) {
      std::string role = "result";
      for (const Point& point : study.all.points) {
        if (point.run == header.id && point.budget == evaluation.budget) role = point.role;
      }
      row(evaluation, role);
    }
    Evaluation nothing;
    nothing.budget = nothing.flops = nothing.tokens = nothing.loss = nothing.standard_error =
        nothing.seconds = kNone;
    if (run.evaluations.empty()) row(nothing, run.state == RunState::Trunk ? "trunk" : "");
  }
  return table;
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

Table scores_table(const StudyResults& study) {
  Table table{"one_shot",
              "One-shot scores: one worked example before each item; SE is the standard error over "
              "items.",
              {words_column("architecture", "architecture"), words_column("size", "size"),
               number_column("seed", "seed"), number_column("learning_rate", "learning rate"),
               number_column("flops", "FLOPs spent"), words_column("task", "task"),
               words_column("metric", "metric"), number_column("value", "value"),
               number_column("standard_error", "SE"), number_column("n", "n"),
               number_column("chance", "chance")},
              {}};
  for (const RunRecord& run : study.all.runs) {
    for (const Score& score : run.scores) {
      table.rows.push_back(
          {text_cell(run.header.architecture), text_cell(run.header.size),
           fixed_cell(static_cast<double>(run.header.seed), 0),
           significant_cell(run.header.learning_rate, 3),
           significant_cell(score_flops(run, score), 4), text_cell(score.task),
           text_cell(score.metric), fixed_cell(score.value, 4), fixed_cell(score.standard_error, 4),
           fixed_cell(static_cast<double>(score.n), 0), fixed_cell(score.chance, 4)});
    }
  }
  return table;
}

}  // namespace isoloss
