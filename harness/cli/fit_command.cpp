// `isoloss fit`: one law on a CSV of points or on a study folder.
#include <fmt/format.h>
#include <unistd.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/fit/fit.h"
#include "harness/cli/calibration_text.h"
#include "harness/cli/certificate_text.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/fit_options.h"
#include "harness/cli/print_json.h"

namespace isoloss {
namespace {

std::string law_names() {
  std::string names;
  for (const Law& law : laws()) names += law.name + ", ";
  return names + "isoflop";
}

void print_row(const IsoflopRow& row) {
  fmt::print(
      "  budget {:<10.4g} N* {:<10.4g} [{:.4g}, {:.4g}] within 0.1 % of loss {:.5g}, D* {:.4g}{}\n",
      row.budget, row.optimal_parameters, row.near_optimal.first, row.near_optimal.second, row.loss,
      row.optimal_tokens, row.used ? "" : "   not used: " + row.why_not);
}

std::string interval_text(const Fit& fit, const std::string& name, const Interval& interval) {
  if (fit.has_flag(name + "_undetermined")) return "   [not determined by these points]";
  return fmt::format("   [{:.6g}, {:.6g}]", interval.first, interval.second);
}

void print_fit(const Fit& fit, CertificateEffort effort) {
  fmt::print("law {} on {} points, sum of the objective {:.13g} ({}, {})\n", fit.law, fit.n,
             fit.value, name_of(fit.objective), name_of(fit.space));
  for (std::size_t j = 0; j < fit.parameters.size(); ++j) {
    const auto& [name, value] = fit.parameters[j];
    if (!fit.is_parameter(name)) continue;
    fmt::print("  {:<8} {:.9g}", name, value);
    if (fit.units[j] != "1") fmt::print(" {}", fit.units[j]);
    for (const auto& [of, interval] : fit.intervals)
      if (of == name) fmt::print("{}", interval_text(fit, name, interval));
    fmt::print("\n");
  }
  for (const auto& [set, nats] : fit.floor_by_evaluation) {
    fmt::print("  E of {}   {:.9g} nats, given\n", set, nats);
  }
  if (fit.law == "power" && fit.frontier == FrontierKind::Points)
    fmt::print(
        "frontier: every point is taken as on it (--frontier surface, isoflop or envelope looks "
        "for the best size of each budget)\n");
  else if (fit.law == "power")
    fmt::print("frontier: {}, the loss of each budget at its best size\n", name_of(fit.frontier));
  for (const IsoflopRow& row : fit.rows) print_row(row);
  if (!fit.uncertainty.empty()) fmt::print("intervals: {}\n", fit.uncertainty);
  fmt::print("gradient {:.2g}, condition {:.3g}, {} of {} starts agree\n", fit.gradient_norm,
             fit.condition, fit.starts_agreeing, fit.starts);
  if (fit.certificate) fmt::print("{}", certificate_text(*fit.certificate, effort));
  if (fit.calibration)
    fmt::print("{}", calibration_text(*fit.calibration));
  else
    fmt::print("prediction intervals are not calibrated: {}\n", fit.calibration_missing);
  for (const std::string& flag : fit.flags) fmt::print("flag: {}\n", flag);
}

FitOptions fit_options(const CommandLine& line) {
  FitOptions options;
  options.law = line.get<std::string>("law");
  if (line.has("objective"))
    options.objective = objective_named(line.get<std::string>("objective"));
  options.calibrate = true;
  options.certify = certificate_effort_named(line.get<std::string>("certify"));
  options.tied = line.has("tied");
  options.delta = line.get<double>("delta");
  options.overestimate = line.get<double>("overestimate-penalty");
  options.space = space_named(line.get<std::string>("space"));
  options.floor = floor_named(line.get<std::string>("floor"));
  options.architecture = line.get<std::string>("architecture");
  options.bootstrap = line.get<int>("bootstrap");
  options.level = line.get<double>("level");
  options.seed = line.get<std::uint64_t>("seed");
  options.threads = line.get<int>("threads");
  options.frontier = frontier_kind(line.get<std::string>("frontier"));
  options.from_budget = line.get<double>("from-budget");
  options.embeddings = !line.has("without-embeddings");
  return options;
}

}  // namespace

int fit_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line("isoloss fit FILE|DIR --law NAME [options]",
                   "Fits a scaling law to a CSV of points (docs/format.md) or to a study folder.",
                   "isoloss fit points.csv --law chinchilla --json");
  line.add()("law", po::value<std::string>()->default_value("power"), law_names().c_str())(
      "tied", "one exponent for parameters and tokens")(
      "objective", po::value<std::string>(),
      "huber, squares, lad or asymmetric_huber; without it huber over points, squares along a "
      "frontier")("delta", po::value<double>()->default_value(1e-3, "0.001"),
                  "where Huber turns from square to line")(
      "overestimate-penalty", po::value<double>()->default_value(10),
      "asymmetric_huber: weight of points that the law lies above")(
      "space", po::value<std::string>()->default_value("log"), "residuals in log or linear loss")(
      "floor", po::value<std::string>()->default_value("free"),
      "free, zero, a number of nats, or SET=NATS,... by the column evaluation")(
      "architecture", po::value<std::string>()->default_value(""), "fit this one alone")(
      "flops", po::value<std::string>()->default_value("exact"), "FLOP convention of a folder")(
      "frontier", po::value<std::string>()->default_value("auto"),
      "what a power law follows: points, surface, isoflop, envelope, or auto: the frontier of a "
      "folder, every point of a CSV")("from-budget", po::value<double>()->default_value(0),
                                      "leave out smaller nominal budgets")(
      "without-embeddings", "count sizes without the token embedding")(
      "bootstrap", po::value<int>()->default_value(200), "resamples")(
      "level", po::value<double>()->default_value(0.95, "0.95"), "of the intervals")(
      "certify", po::value<std::string>()->default_value("quick"),
      "how far from the best: none, quick (seconds) or full (until it is known; minutes or more)")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of the resamples")(
      "threads", po::value<int>()->default_value(1), "results do not depend on it")(
      "json", "one JSON object on standard output");
  line.positional("FILE");
  if (!line.parse(arguments)) return 0;
  FitOptions options = fit_options(line);
  check_options(options);
  // Rates that lost a search too, which no fit takes: the digest is of the same points as a
  // report's.
  const PointTable table =
      read_points(line.get<std::string>("FILE"), line.get<std::string>("flops"), true);
  std::optional<CertificateLine> certificate_line;
  if (::isatty(STDERR_FILENO) == 1) {
    options.certificate_progress = std::ref(certificate_line.emplace());
  }
  const Fit fit = fit_law(table, options);
  certificate_line.reset();
  if (line.has("json"))
    print_json(to_json(fit));
  else
    print_fit(fit, options.certify);
  return 0;
}

}  // namespace isoloss
