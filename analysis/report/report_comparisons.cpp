#include "analysis/report/report_comparisons.h"

#include "analysis/report/report_crossing.h"
#include "analysis/report/report_pair_columns.h"
#include "analysis/savings/loss_change.h"

namespace isoloss {

Table savings_table(const StudyResults& study) {
  TableOf<Comparison, SavingsAt> table(
      "savings",
      "Savings: compute the baseline needs / compute the candidate needs, at equal loss, with "
      "95 % intervals.");
  table.as_cards();
  pair_columns_by_unit(table);
  table.fixed("loss", "loss (nats)", 3, &SavingsAt::loss);
  table.fixed("savings", "savings", 2, &SavingsAt::savings);
  table.fixed_ends("interval", 2, &SavingsAt::interval);
  table.words("extrapolated", "extrapolated",
              [](const SavingsAt& at) { return at.extrapolated ? "yes" : "no"; });
  table.words("frontier", "frontier", [](const Comparison& pair, const SavingsAt&) {
    return name_of(pair.savings->frontier);
  });
  table.words("floor", "floor",
              [](const Comparison& pair, const SavingsAt&) { return pair.savings->floor.name; });
  table.sentence("why_not", "why not", [](const Comparison& pair, const SavingsAt& at) {
    if (at.interval) return "";
    return pair.savings->seed_noise.measured ? "no interval" : "seed noise not measured";
  });
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings) {
      table.refuse(comparison, comparison.refusal);
      continue;
    }
    for (const SavingsAt& at : comparison.savings->at) table.add(comparison, at);
  }
  return table.take();
}

Table loss_changes_table(const StudyResults& study, const ReportOptions& options) {
  TableOf<Comparison, LossChange> table(
      "loss_changes",
      "Change of loss at equal compute against " + study.baseline +
          ", each at its own best size, with 95 % intervals; below zero the candidate is better. "
          "Perplexity gain: (baseline - candidate) / baseline.");
  table.words("candidate", "candidate", &Comparison::candidate);
  table.significant("budget", "budget", 4, &LossChange::budget);
  table.fixed("baseline_loss", "baseline (nats)", 4, &LossChange::baseline);
  table.fixed("candidate_loss", "candidate (nats)", 4, &LossChange::candidate);
  table.fixed("change", "change (nats)", 4, &LossChange::change);
  table.fixed_ends("interval", 4, &LossChange::interval);
  table.fixed("perplexity_gain", "perplexity gain (%)", 2,
              [](const LossChange& change) { return 100 * change.perplexity_gain; });
  table.sentence("note", "note", &LossChange::note);
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.wall_clock || comparison.baseline != study.baseline) continue;
    std::vector<LossChange> changes;
    try {
      changes = loss_changes(study.results, savings_options(comparison, options));
    } catch (const std::runtime_error&) {
      continue;  // the savings table says why these do not compare
    }
    for (const LossChange& change : changes) table.add(comparison, change);
  }
  return table.take();
}

Table crossings_table(const StudyResults& study) {
  TableOf<Crossing> table(
      "crossings",
      "Single runs of one size and seed: compute of the baseline's run / compute at which "
      "the candidate's run reaches the baseline's last loss. At one size the factor grows "
      "with training time; the savings above compare frontiers.");
  table.words("candidate", "candidate", &Crossing::candidate);
  table.words("baseline", "baseline", &Crossing::baseline);
  table.words("size", "size", &Crossing::size);
  table.count("seed", "seed", &Crossing::seed);
  table.fixed("loss", "baseline's last loss", 4, &Crossing::loss);
  table.significant("baseline_flops", "baseline's FLOPs", 4, &Crossing::baseline_flops);
  table.significant("candidate_flops", "candidate's FLOPs there", 4, &Crossing::candidate_flops);
  table.fixed("speedup", "speed-up", 2, &Crossing::speedup);
  table.sentence("why_not", "why not", &Crossing::why_not);
  for (const std::string& candidate : study.architectures) {
    if (study.baseline.empty() || candidate == study.baseline) continue;
    const std::vector<Crossing> all = crossings(study.results, study.baseline, candidate);
    for (Crossing crossing : all) {
      const auto same = std::ranges::count_if(all, [&](const Crossing& other) {
        return other.size == crossing.size && other.seed == crossing.seed;
      });
      // A label that means several models is told with its parameters.
      if (same > 1) crossing.size += ", " + significant(crossing.parameters, 3);
      table.add(crossing);
    }
  }
  return table.take();
}

}  // namespace isoloss
