#include "analysis/report.h"

#include <fmt/format.h>

#include <system_error>

#include "analysis/html.h"
#include "analysis/plot_render.h"
#include "analysis/report_card.h"
#include "analysis/report_combined.h"
#include "analysis/report_headline.h"
#include "analysis/report_plots.h"
#include "analysis/report_rates.h"
#include "analysis/report_study.h"
#include "analysis/report_tables.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

std::string plots_html(const StudyResults& study, const std::filesystem::path& folder) {
  std::string out = "<h2>Plots</h2>\n<div class=\"plots\">\n";
  for (const Plot& plot : report_plots(study)) {
    out += fmt::format("<figure>\n{}<figcaption><b>{}</b> {}</figcaption>\n</figure>\n",
                       render_plot(plot, folder).inlined, html_escape(plot.title),
                       html_escape(plot.caption));
  }
  return out + "</div>\n";
}

// The table on the page and as CSV; nothing where it has no row.
std::string table_html(const Table& table, const std::filesystem::path& folder) {
  if (table.rows.empty()) return "";
  write_durably(folder / (table.name + ".csv"), csv_of(table));
  return html_table(table);
}

std::string noise_html(const StudyResults& study, const std::filesystem::path& folder) {
  std::string out = "<h2>Seed noise</h2>\n";
  if (study.replicates.empty()) {
    return out + "<p>Seed noise not measured: no trial was repeated with another seed.</p>\n";
  }
  return out + table_html(seed_noise_table(study), folder);
}

}  // namespace

std::filesystem::path write_report(const std::vector<std::filesystem::path>& folders,
                                   const ReportOptions& options) {
  const StudyResults study = read_study(folders, options);
  const std::filesystem::path beside = folders.front() / "report";
  std::error_code error;
  std::filesystem::create_directories(beside, error);
  if (error) {
    throw WorkError(
        fmt::format("{}: the report's folder cannot be made ({}); check its permissions",
                    beside.string(), error.message()));
  }
  std::string body = headline_html(study);
  const std::string savings = table_html(savings_table(study), beside);
  if (!savings.empty()) body += "<h2>Savings</h2>\n" + savings;
  const std::string changes = table_html(loss_changes_table(study, options), beside);
  if (!changes.empty()) body += "<h2>Loss at equal compute</h2>\n" + changes;
  const std::string combined = table_html(combined_savings_table(study, options), beside);
  if (!combined.empty()) body += "<h2>Do savings multiply?</h2>\n" + combined;
  body += plots_html(study, beside);
  body += noise_html(study, beside);
  const std::string rates = table_html(decisions_table(study), beside);
  if (!rates.empty()) {
    body += "<h2>Learning rates</h2>\n" + rates + table_html(common_rates_table(study), beside) +
            table_html(savings_by_rate_table(study, options), beside);
  }
  const std::string frontiers = table_html(frontier_table(study), beside);
  if (!frontiers.empty()) body += "<h2>Frontiers</h2>\n" + frontiers;
  const std::string scores = table_html(scores_table(study), beside);
  if (!scores.empty()) body += "<h2>One-shot scores</h2>\n" + scores;
  body += "<h2>Trials</h2>\n" + table_html(trials_table(study), beside);
  body += card_html(study);
  const std::filesystem::path page = folders.front() / "report.html";
  write_durably(page, html_page("isoloss: " + (study.name.empty() ? "study" : study.name), body));
  return page;
}

}  // namespace isoloss
