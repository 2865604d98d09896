#include "analysis/published/published_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "analysis/numbers/json_number.h"
#include "analysis/plot/number_text.h"
#include "analysis/plot/plot_render.h"
#include "analysis/plot/table_of.h"
#include "analysis/published/published_plot.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr const char* kOrigin = "isoloss report of published results";

constexpr const char* kOutcomes[3] = {"reproduces", "does_not", "cannot_be_recomputed"};

TableCell value_cell(double value) {
  if (!std::isfinite(value)) return {};
  return {value_text(value), fmt::format("{}", value)};
}

Table findings_table(const TableFindings& findings) {
  TableOf<PublishedFinding> table(findings.table + "_checks",
                                  "Printed, and recomputed from printed numbers.");
  table.sentence("claim", "number", &PublishedFinding::claim);
  table.cells({"printed", "printed"},
              [](const PublishedFinding& finding) { return text_cell(finding.printed); });
  table.cells({"recomputed", "recomputed"},
              [](const PublishedFinding& finding) { return value_cell(finding.recomputed); });
  table.cells({"difference", "difference"},
              [](const PublishedFinding& finding) { return value_cell(finding.difference); });
  table.sentence("verdict", "verdict", &PublishedFinding::words);
  for (const PublishedFinding& finding : findings.result.findings) table.add(finding);
  return table.take();
}

Table printed_table(const PublishedTable& printed) {
  TableOf<CsvRow> table(printed.name, "As printed; empty: not printed, or not known here.");
  for (std::size_t i = 0; i < printed.data.columns.size(); ++i) {
    const std::string& name = printed.data.columns[i];
    const bool numeric = std::ranges::all_of(printed.data.rows, [i](const CsvRow& row) {
      return row.fields[i].empty() || read_rounded(row.fields[i]);
    });
    table.cells({name, name, numeric}, [i](const CsvRow& row) { return text_cell(row.fields[i]); });
  }
  for (const CsvRow& row : printed.data.rows) table.add(row);
  return table.take();
}

std::string written(const Table& table, const std::filesystem::path& beside) {
  write_durably(beside / (table.name + ".csv"), csv_of(table, kOrigin));
  return html_table(table);
}

std::string section_html(const PublishedFolder& folder, const PublishedTable& table,
                         const TableFindings& findings, const std::filesystem::path& beside) {
  std::string out = fmt::format("<h2>{}</h2>\n", html_escape(table.title));
  if (!table.about.empty()) out += fmt::format("<p>{}</p>\n", html_escape(table.about));
  out += fmt::format("<p class=\"note\">Source: {}</p>\n", html_escape(table.source));
  std::string plots;
  for (const Plot& plot : published_plots(folder, table)) {
    plots += fmt::format("<figure>\n{}<figcaption><b>{}</b> {}</figcaption>\n</figure>\n",
                         render_plot(plot, beside, kOrigin).inlined, html_escape(plot.title),
                         html_escape(plot.caption));
  }
  if (!plots.empty()) out += "<div class=\"plots\">\n" + plots + "</div>\n";
  if (!findings.result.findings.empty()) out += written(findings_table(findings), beside);
  for (const Table& detail : findings.result.details) out += written(detail, beside);
  return out + fmt::format("<details><summary>The {} as printed</summary>\n{}</details>\n",
                           count_text(table.data.rows.size(), "row"),
                           written(printed_table(table), beside));
}

std::string headline_html(const PublishedFolder& folder, const PublishedReport& report) {
  const std::size_t good = report.count(Reproduction::Reproduces);
  const std::size_t bad = report.count(Reproduction::DoesNot);
  const std::size_t open = report.count(Reproduction::CannotSay);
  std::string out = fmt::format(
      "<h1>{}</h1>\n<p>Of {} of printed numbers against printed rows, <b>{} reproduce</b>, <b>{} "
      "do "
      "not</b>, and {} cannot be recomputed from what is printed.</p>\n",
      html_escape(folder.title), count_text(good + bad + open, "check"), good, bad, open);
  if (bad > 0) out += "<h2>What does not reproduce</h2>\n<ul class=\"verdicts\">\n";
  for (const TableFindings& table : report.tables) {
    for (const PublishedFinding& finding : table.result.findings) {
      if (finding.outcome != Reproduction::DoesNot) continue;
      out += fmt::format("<li class=\"ink-2\"><span><b>{}: {}</b><br>printed {}; {}</span></li>\n",
                         html_escape(table.title), html_escape(finding.claim),
                         html_escape(finding.printed), html_escape(finding.words));
    }
  }
  if (bad > 0) out += "</ul>\n";
  return out +
         "<p class=\"note\">A printed number stands for every number that rounds to it. What is "
         "recomputed from rounded rows is therefore a range: a number reproduces where the "
         "recomputed value rounds to it, within rounding where the ranges meet, and does not where "
         "they do not. Nothing here was trained: the rows are taken as the papers print "
         "them.</p>\n";
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw WorkError(
        fmt::format("{}: the report's folder cannot be made ({}); check its permissions",
                    folder.string(), error.message()));
  }
}

}  // namespace

std::size_t PublishedReport::count(Reproduction outcome) const {
  std::size_t total = 0;
  for (const TableFindings& table : tables) {
    for (const PublishedFinding& finding : table.result.findings)
      total += finding.outcome == outcome;
  }
  return total;
}

PublishedReport write_published_report(const std::filesystem::path& folder,
                                       const std::filesystem::path& out) {
  const PublishedFolder published = read_published(folder);
  PublishedReport report;
  for (const PublishedTable& table : published.tables) {
    report.tables.push_back({table.name, table.title, run_checks(published, table)});
  }
  const std::filesystem::path beside = out / "report";
  make_folder(beside);
  std::string body = headline_html(published, report);
  for (std::size_t i = 0; i < published.tables.size(); ++i) {
    body += section_html(published, published.tables[i], report.tables[i], beside);
  }
  report.page = out / "report.html";
  write_durably(report.page, html_page("isoloss: " + published.title, body));
  return report;
}

nlohmann::json to_json(const PublishedReport& report) {
  nlohmann::json out{{"report", report.page.string()},
                     {"counts", nlohmann::json::object()},
                     {"findings", nlohmann::json::array()}};
  for (const auto outcome :
       {Reproduction::Reproduces, Reproduction::DoesNot, Reproduction::CannotSay}) {
    out["counts"][kOutcomes[static_cast<int>(outcome)]] = report.count(outcome);
  }
  for (const TableFindings& table : report.tables) {
    for (const PublishedFinding& finding : table.result.findings) {
      out["findings"].push_back({{"table", table.table},
                                 {"claim", finding.claim},
                                 {"printed", finding.printed},
                                 {"recomputed", json_number(finding.recomputed)},
                                 {"difference", json_number(finding.difference)},
                                 {"outcome", kOutcomes[static_cast<int>(finding.outcome)]},
                                 {"verdict", finding.words}});
    }
  }
  return out;
}

}  // namespace isoloss
