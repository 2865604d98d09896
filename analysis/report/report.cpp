#include "analysis/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "analysis/plot/html.h"
#include "analysis/plot/number_text.h"
#include "analysis/plot/plot_render.h"
#include "analysis/report/report_accuracy.h"
#include "analysis/report/report_card.h"
#include "analysis/report/report_combined.h"
#include "analysis/report/report_fit_card.h"
#include "analysis/report/report_growth.h"
#include "analysis/report/report_headline.h"
#include "analysis/report/report_inference.h"
#include "analysis/report/report_next_study.h"
#include "analysis/report/report_plots.h"
#include "analysis/report/report_rates.h"
#include "analysis/report/report_scores.h"
#include "analysis/report/report_study.h"
#include "analysis/report/report_tables.h"
#include "analysis/report/report_times.h"
#include "analysis/savings/next_study.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

// Where the page's parts go, and what their CSVs say of their origin.
struct Beside {
  std::filesystem::path folder;
  std::string origin;
};

// Where a plot cannot hold all markers, the reader is told so.
std::string caption_of(const Plot& plot) {
  std::size_t stride = 1;
  for (const Series& series : plot.series) stride = std::max(stride, marker_stride(series));
  if (stride == 1) return plot.caption;
  return fmt::format("{} One marker in {} is drawn where there are too many; the CSV has all.",
                     plot.caption, stride);
}

std::string section_html(const PlotSection& section, const Beside& beside) {
  std::string out;
  if (!section.heading.empty()) out += fmt::format("<h2>{}</h2>\n", html_escape(section.heading));
  out += "<div class=\"plots\">\n";
  for (const Plot& plot : section.plots) {
    out += fmt::format(
        "<figure>\n{}<figcaption><b>{}</b> {} <span class=\"file\">report/{}.svg, "
        ".csv</span></figcaption>\n</figure>\n",
        render_plot(plot, beside.folder, beside.origin).inlined, html_escape(plot.title),
        html_escape(caption_of(plot)), html_escape(plot.name));
  }
  return out + "</div>\n";
}

// The table on the page and as CSV; nothing where it has no row.
std::string table_html(const Table& table, const Beside& beside) {
  if (table.rows.empty()) return "";
  write_durably(beside.folder / (table.name + ".csv"), csv_of(table, beside.origin));
  return html_table(table);
}

std::string under(const char* heading, const std::string& tables) {
  return tables.empty() ? "" : fmt::format("<h2>{}</h2>\n{}", heading, tables);
}

// Which files of scores the tables lack.
std::string unread_scores_html(const StudyResults& study) {
  std::string out;
  for (const std::string& why : study.unread_scores)
    out += fmt::format("<p>Left out: {}.</p>\n", html_escape(why));
  return out;
}

std::string next_study_html(const StudyResults& study, const ReportOptions& options,
                            const Beside& beside) {
  const NextStudyTables next = next_study_tables(study, options);
  if (!study.comparisons.empty() && !study.seed_noise.measured) {
    return "<p>Not known: seed noise not measured. Train two sizes at two seeds first.</p>\n";
  }
  return table_html(next.seeds, beside) + table_html(next.runs, beside) +
         table_html(next.places, beside);
}

std::string noise_html(const StudyResults& study, const Beside& beside) {
  if (study.replicates.empty()) {
    return "<p>Seed noise not measured: no trial was repeated with another seed.</p>\n";
  }
  return table_html(seed_noise_table(study), beside);
}

std::string trials_html(const StudyResults& study, const Beside& beside) {
  if (!study.from_csv()) return table_html(trials_table(study), beside);
  return fmt::format("<p>{}: report/points.csv beside this page.</p>\n",
                     count_text(study.all.points.size(), "point"));
}

// An argument as a shell takes it: as it is where it holds only what no shell reads.
std::string shell_argument(const std::string& text) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// The command that makes this page again, but for where it is run.
std::string origin_html(const StudyResults& study, const ReportOptions& options) {
  std::string command = "isoloss report";
  for (const std::string& source : study.sources) command += " " + shell_argument(source);
  if (!study.baseline.empty()) command += " --baseline " + shell_argument(study.baseline);
  command += fmt::format(" --bootstrap {} --seed {}", options.bootstrap, options.seed);
  if (options.from_budget > 0) command += fmt::format(" --from-budget {:g}", options.from_budget);
  if (options.resolve_percent != ReportOptions().resolve_percent) {
    command += fmt::format(" --resolve {:g}", options.resolve_percent);
  }
  return fmt::format(
      "<p class=\"note\">Data {}: the digest of report/points.csv, which every CSV beside this "
      "page "
      "names. Made by <code>{}</code>.</p>\n",
      study.digest.digest, html_escape(command));
}

std::filesystem::path folder_of_page(const std::filesystem::path& source,
                                     const ReportOptions& options) {
  if (!options.out.empty()) return options.out;
  std::error_code error;
  if (std::filesystem::is_directory(source, error)) return source;
  return source.parent_path() / (source.stem().string() + "-report");
}

}  // namespace

void check_options(const ReportOptions& options) {
  SavingsOptions savings;
  savings.baseline = options.baseline;
  savings.bootstrap = options.bootstrap;
  savings.from_budget = options.from_budget;
  check_options(savings);
  check_next_study(savings, options.resolve_percent);
}

WrittenReport write_report(const std::vector<std::filesystem::path>& sources,
                           const ReportOptions& options, std::optional<PointTable> points) {
  check_options(options);
  const StudyResults study = read_study(sources, options, std::move(points));
  const std::filesystem::path folder = folder_of_page(sources.front(), options);
  const Beside beside{folder / "report", origin_of(study.digest)};
  std::error_code error;
  std::filesystem::create_directories(beside.folder, error);
  if (error) {
    throw WorkError(
        fmt::format("{}: the report's folder cannot be made ({}); check its permissions, or name "
                    "another with --out",
                    beside.folder.string(), error.message()));
  }
  write_durably(beside.folder / "points.csv", study.digest.text);
  const std::vector<PlotSection> plots = report_plots(study);
  std::string body =
      headline_html(study) + section_html(plots.front(), beside) + origin_html(study, options);
  body += under("Savings at equal loss", table_html(savings_table(study), beside));
  body += under("Does the saving grow with scale?",
                table_html(growth_table(study), beside) + table_html(floors_table(study), beside));
  body += under("What would resolve it", next_study_html(study, options, beside));
  body += under("Loss at equal compute", table_html(loss_changes_table(study, options), beside));
  body += under("Do savings multiply?", table_html(combined_savings_table(study, options), beside));
  for (std::size_t i = 1; i < plots.size(); ++i) body += section_html(plots[i], beside);
  body += under("The crossing at equal loss", table_html(crossings_table(study), beside));
  body += under("Seed noise", noise_html(study, beside));
  const std::string rates = table_html(decisions_table(study), beside);
  if (!rates.empty()) {
    body += under("Learning rates", rates + table_html(common_rates_table(study), beside) +
                                        table_html(savings_by_rate_table(study, options), beside));
  }
  body +=
      under("Fit card", table_html(law_parameters_table(study), beside) +
                            table_html(law_fits_table(study), beside) +
                            table_html(calibration_table(study), beside) + fit_card_html(study));
  body += under("Frontiers", table_html(frontier_table(study), beside));
  body +=
      under("Compute at equal accuracy", table_html(multipliers_table(study), beside) +
                                             table_html(sigmoids_table(study), beside) +
                                             table_html(accuracy_hold_out_table(study), beside) +
                                             table_html(larger_models_table(study), beside));
  body += under("One-shot scores", unread_scores_html(study) +
                                       table_html(paired_scores_table(study, options), beside) +
                                       table_html(checkpoint_counts_table(study), beside) +
                                       table_html(checkpoint_spreads_table(study), beside) +
                                       table_html(task_averages_table(study), beside) +
                                       table_html(scores_table(study), beside) +
                                       table_html(task_scores_table(study), beside));
  body += under("Time", table_html(inference_table(study), beside) +
                            table_html(training_times_table(study), beside) +
                            table_html(makespans_table(study), beside));
  body += under("Memory", table_html(training_memory_table(study), beside));
  body += under("Trials", trials_html(study, beside)) + card_html(study);
  const std::filesystem::path page = folder / "report.html";
  write_durably(page, html_page("isoloss: " + (study.name.empty() ? "study" : study.name), body));
  return {page, study.digest.digest, study.unread_scores};
}

}  // namespace isoloss
