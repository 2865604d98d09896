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
      "Writes DIR/report.html, self-contained, with the plots as SVG and the tables as "
      "CSV in DIR/report/.",
      "isoloss report results/runs/quickstart");
  line.add()("baseline", po::value<std::string>()->default_value("transformer"),
             "architecture that savings are measured against")(
      "bootstrap", po::value<int>()->default_value(1000), "draws behind each interval")(
      "from-budget", po::value<double>()->default_value(0),
      "smaller nominal budgets are shown, not fitted")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of those draws")(
      "json", "one JSON object on standard output");
  line.positional("DIR", CommandLine::Arity::Many);
  if (!line.parse(arguments)) return 0;
  std::vector<std::filesystem::path> folders;
  for (const std::string& folder : line.get<std::vector<std::string>>("DIR"))
    folders.emplace_back(folder);
  ReportOptions options;
  options.baseline = line.get<std::string>("baseline");
  options.bootstrap = line.get<int>("bootstrap");
  options.seed = line.get<std::uint64_t>("seed");
  options.from_budget = line.get<double>("from-budget");
  const std::filesystem::path page = write_report(folders, options);
  if (line.has("json"))
    fmt::print("{}\n", nlohmann::json{{"report", page.string()}}.dump());
  else
    fmt::print("report: {}\n", page.string());
  return 0;
}

}  // namespace isoloss
