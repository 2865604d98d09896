#include "analysis/report/report_combined.h"

#include "analysis/plot/number_text.h"
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
  Table table{"combined_savings",
              "Do savings multiply? The saving of two changes together beside the product of their "
              "savings alone, at losses that all four reach, with 95 % intervals; a ratio of 1 is "
              "multiplying.",
              {words_column("baseline", "baseline"), words_column("first", "one change"),
               words_column("second", "the other"), words_column("both", "both"),
               number_column("loss", "loss (nats)"), number_column("first_savings", "one saves"),
               number_column("second_savings", "the other saves"),
               number_column("product", "product"), number_column("product_low", "from"),
               number_column("product_high", "to"), number_column("both_savings", "both save"),
               number_column("both_low", "from"), number_column("both_high", "to"),
               number_column("ratio", "both / product"), number_column("ratio_low", "from"),
               number_column("ratio_high", "to"), words_column("answer", "answer")},
              {}};
  for (const CombinedChange& change : combined_changes(study.all.runs, study.architectures)) {
    Comparison in_flops;
    std::vector<CombinedSavings> savings;
    try {
      savings = combined_savings(study.results, change, savings_options(in_flops, options));
    } catch (const std::runtime_error& problem) {
      table.rows.push_back(refused_row(table,
                                       {text_cell(change.baseline), text_cell(change.first),
                                        text_cell(change.second), text_cell(change.both)},
                                       problem.what()));
      continue;
    }
    for (const CombinedSavings& at : savings) {
      const Interval product = ends_of(at.product_interval), both = ends_of(at.both_interval),
                     ratio = ends_of(at.ratio_interval);
      table.rows.push_back(
          {text_cell(change.baseline), text_cell(change.first), text_cell(change.second),
           text_cell(change.both), fixed_cell(at.loss, 3), fixed_cell(at.first, 2),
           fixed_cell(at.second, 2), fixed_cell(at.product, 2), fixed_cell(product.first, 2),
           fixed_cell(product.second, 2), fixed_cell(at.both, 2), fixed_cell(both.first, 2),
           fixed_cell(both.second, 2), fixed_cell(at.ratio, 2), fixed_cell(ratio.first, 2),
           fixed_cell(ratio.second, 2), text_cell(answer(at.ratio_interval))});
    }
  }
  return table;
}

}  // namespace isoloss
