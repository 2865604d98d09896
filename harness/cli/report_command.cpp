// `isoloss report`: the study as one HTML page.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "analysis/report.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"

namespace isoloss {

int report_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss report DIR... [options]",
      "Writes DIR/report.html, self-contained, with the plots as SVG and all tables and plotted "
      "series as CSV in DIR/report/. DIR: the folder of a study, several to be read as one, or one "
      "CSV of points (FILE.csv: FILE-report/report.html).",
      "isoloss report results/runs/quickstart");
  line.add()("baseline", po::value<std::string>()->default_value("transformer"),
             "architecture that savings are measured against")(
      "bootstrap", po::value<int>()->default_value(1000), "draws behind each interval")(
      "from-budget", po::value<double>()->default_value(0),
      "smaller nominal budgets are shown, not fitted")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of those draws")(
      "out", po::value<std::string>()->default_value(""), "another folder for the page")(
      "json", "one JSON object on standard output");
  line.positional("DIR", CommandLine::Arity::Many);
  if (!line.parse(arguments)) return 0;
  std::vector<std::filesystem::path> sources;
  for (const std::string& source : line.get<std::vector<std::string>>("DIR"))
    sources.emplace_back(source);
  ReportOptions options;
  options.baseline = line.get<std::string>("baseline");
  options.bootstrap = line.get<int>("bootstrap");
  options.seed = line.get<std::uint64_t>("seed");
  options.from_budget = line.get<double>("from-budget");
  options.out = line.get<std::string>("out");
  const WrittenReport report = write_report(sources, options);
  if (line.has("json")) {
    fmt::print("{}\n",
               nlohmann::json{{"report", report.page.string()}, {"digest", report.digest}}.dump());
  } else {
    fmt::print("report: {} (data {})\n", report.page.string(), report.digest);
  }
  return 0;
}

}  // namespace isoloss
