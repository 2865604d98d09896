#include "analysis/report/report_combined.h"

#include "analysis/plot/table_of.h"
#include "analysis/savings/combined_savings.h"

namespace isoloss {
namespace {

std::string answer(const std::optional<Interval>& ratio) {
  if (!ratio) return "no interval: seed noise not measured";
  if (ratio->first > 1) return "they more than multiply";
  if (ratio->second < 1) return "they do not multiply: together they save less";
  return "not told apart from multiplying";
}

}  // namespace

Table combined_savings_table(const StudyResults& study, const ReportOptions& options) {
  TableOf<CombinedChange, CombinedSavings> table(
      "combined_savings",
      "Do savings multiply? The saving of two changes together beside the product of their "
      "savings alone, at losses that all four reach, with 95 % intervals; a ratio of 1 is "
      "multiplying.");
  table.words("baseline", "baseline", &CombinedChange::baseline);
  table.words("first", "one change", &CombinedChange::first);
  table.words("second", "the other", &CombinedChange::second);
  table.words("both", "both", &CombinedChange::both);
  table.fixed("loss", "loss (nats)", 3, &CombinedSavings::loss);
  table.fixed("first_savings", "one saves", 2, &CombinedSavings::first);
  table.fixed("second_savings", "the other saves", 2, &CombinedSavings::second);
  table.fixed("product", "product", 2, &CombinedSavings::product);
  table.fixed_ends("product", 2, &CombinedSavings::product_interval);
  table.fixed("both_savings", "both save", 2, &CombinedSavings::both);
  table.fixed_ends("both", 2, &CombinedSavings::both_interval);
  table.fixed("ratio", "both / product", 2, &CombinedSavings::ratio);
  table.fixed_ends("ratio", 2, &CombinedSavings::ratio_interval);
  table.words("answer", "answer",
              [](const CombinedSavings& at) { return answer(at.ratio_interval); });
  for (const CombinedChange& change : combined_changes(study.all.runs, study.architectures)) {
    Comparison in_flops;
    std::vector<CombinedSavings> savings;
    try {
      savings = combined_savings(study.results, change, savings_options(in_flops, options));
    } catch (const std::runtime_error& problem) {
      table.refuse(change, problem.what());
      continue;
    }
    for (const CombinedSavings& at : savings) table.add(change, at);
  }
  return table.take();
}

}  // namespace isoloss
