// `isoloss report`: a study, or a folder of published results, as one HTML page.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "analysis/published/published_report.h"
#include "analysis/report/report.h"
#include "analysis/report/report_failures.h"
#include "analysis/report/report_sources.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "results/event_file.h"
#include "sweeps/schedule.h"

namespace isoloss {
namespace {

static_assert(kAttemptsToGiveUp == kAttemptsBeforeQuarantine);

namespace fs = std::filesystem;

// results/runs/NAME, where output lies that nobody keeps.
fs::path default_output(const fs::path& folder) {
  return fs::path("results") / "runs" / fs::weakly_canonical(folder).filename();
}

void print_published(const PublishedReport& report) {
  for (const TableFindings& table : report.tables) {
    for (const PublishedFinding& finding : table.result.findings) {
      if (finding.outcome != Reproduction::DoesNot) continue;
      fmt::print("{}: {}: printed {}; {}\n", table.title, finding.claim, finding.printed,
                 finding.words);
    }
  }
  fmt::print("{} reproduce, {} do not, {} cannot be recomputed\nreport: {}\n",
             report.count(Reproduction::Reproduces), report.count(Reproduction::DoesNot),
             report.count(Reproduction::CannotSay), report.page.string());
}

// Event files of the runs; how many.
std::size_t write_events(const PointTable& points, const fs::path& folder) {
  if (points.runs.empty()) {
    throw InputError(
        fmt::format("--tensorboard: {} has no curves (it is no study folder); leave the option out",
                    points.source));
  }
  return write_event_files(points.runs, folder);
}

// Whether the folders are one of published results. InputError where it stands among others.
bool asks_for_published(const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) {
    if (!is_published(folder)) continue;
    if (folders.size() == 1) return true;
    throw InputError(
        fmt::format("{}: among {} folders (published results have a page of their own); "
                    "report it alone",
                    folder.string(), folders.size()));
  }
  return false;
}

// Of a folder of published results.
void report_published(const CommandLine& line, const fs::path& folder) {
  for (const char* option :
       {"baseline", "bootstrap", "from-budget", "resolve", "seed", "tensorboard"}) {
    if (!line.given(option)) continue;
    throw InputError(
        fmt::format("--{} is for a study (published results are recomputed from their own rows); "
                    "leave it out",
                    option));
  }
  const PublishedReport report = write_published_report(
      folder, line.has("out") ? fs::path(line.get<std::string>("out")) : default_output(folder));
  if (line.has("json"))
    print_json(to_json(report));
  else
    print_published(report);
}

// Whether a page can stand beside it: what a pipe or a device gives has no folder.
bool has_a_folder(const fs::path& source) {
  const fs::path below_root = fs::absolute(source).lexically_normal().relative_path();
  const fs::path top = below_root.empty() ? fs::path() : *below_root.begin();
  return top != "dev" && top != "proc" && (fs::is_directory(source) || fs::is_regular_file(source));
}

// Of study folders or a CSV.
void report_study(const CommandLine& line, const std::vector<fs::path>& sources) {
  for (const fs::path& source : sources)
    if (!line.has("out") && fs::exists(source) && !has_a_folder(source))
      throw InputError(source.string() +
                       ": no place for a page beside it (a pipe or a device); give --out FOLDER");
  ReportOptions options;
  options.baseline = line.get<std::string>("baseline");
  options.bootstrap = line.get<int>("bootstrap");
  options.seed = line.get<std::uint64_t>("seed");
  options.from_budget = line.get<double>("from-budget");
  options.resolve_percent = line.get<double>("resolve");
  if (line.has("out")) options.out = line.get<std::string>("out");
  check_options(options);
  PointTable points = read_sources(sources);
  nlohmann::json said;
  if (line.has("tensorboard")) {
    const std::string logs = line.get<std::string>("tensorboard");
    said["tensorboard"] = {{"folder", logs}, {"runs", write_events(points, logs)}};
  }
  const WrittenReport report = write_report(sources, options, std::move(points));
  for (const std::string& why : report.left_out) tell("left out of the report: " + why);
  said["report"] = report.page.string();
  said["digest"] = report.digest;
  if (line.has("json")) {
    print_json(said);
    return;
  }
  fmt::print("report: {} (data {})\n", report.page.string(), report.digest);
  if (line.has("tensorboard"))
    fmt::print("event files: {} ({} runs)\n", line.get<std::string>("tensorboard"),
               said["tensorboard"]["runs"].get<std::size_t>());
}

}  // namespace

int report_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss report DIR... [options]",
      "Writes DIR/report.html, self-contained, with the plots as SVG and all tables and plotted "
      "series as CSV in DIR/report/. DIR: the folder of a study, several to be read as one, or one "
      "CSV of points (FILE.csv: FILE-report/report.html). A folder of published results "
      "(results/published) is only read: its page says which printed numbers follow from the "
      "printed "
      "rows.",
      "isoloss report results/runs/quickstart");
  line.add()("baseline", po::value<std::string>()->default_value("transformer"),
             "architecture that savings are measured against")(
      "bootstrap", po::value<int>()->default_value(1000), "draws behind each interval")(
      "from-budget", po::value<double>()->default_value(0),
      "smaller nominal budgets are shown, not fitted")(
      "resolve", po::value<double>()->default_value(10),
      "percent: the saving that the next study should resolve")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of those draws")(
      "out", po::value<std::string>(),
      "another folder for the page; of published results results/runs/NAME without it")(
      "tensorboard", po::value<std::string>(),
      "write the curves of every run there too, as event files for TensorBoard")(
      "json", "one JSON object on standard output");
  line.positional("DIR", CommandLine::Arity::Many);
  if (!line.parse(arguments)) return 0;
  std::vector<fs::path> sources;
  for (const std::string& source : line.get<std::vector<std::string>>("DIR"))
    sources.emplace_back(source);
  if (asks_for_published(sources))
    report_published(line, sources.front());
  else
    report_study(line, sources);
  return 0;
}

}  // namespace isoloss
