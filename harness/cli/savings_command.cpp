// `isoloss savings`: the verdict in one line, then where it comes from.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/plot/number_text.h"
#include "analysis/savings/next_study.h"
#include "analysis/savings/savings.h"
#include "analysis/savings/slope_and_floor_tests.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

std::vector<double> losses_of(const std::string& list) {
  std::vector<double> losses;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    double loss = 0;
    const auto [stop, code] = std::from_chars(list.data() + begin, list.data() + end, loss);
    if (code != std::errc() || stop != list.data() + end || !(loss > 0))
      throw InputError("--at is '" + list + "' (not losses with commas between); try --at 3.2,3.0");
    losses.push_back(loss);
    begin = end + 1;
  }
  return losses;
}

std::string in_brackets(const std::optional<Interval>& interval) {
  return interval ? fmt::format(" [{:.4g}, {:.4g}]", interval->first, interval->second) : "";
}

void print_laws(const Savings& savings, bool in_seconds) {
  if (const auto& parallel = savings.parallel) {
    fmt::print("  one factor for all losses: {:.6f}x{} (k {:.4g}, floor {})\n", parallel->savings,
               in_brackets(parallel->interval), parallel->k, savings.floor.name);
    if (parallel->lack_of_fit_interval)
      fmt::print("    by the scatter {} alone (lack of fit, Student t):{}\n",
                 parallel->scatter_of_trials ? "of the trials about their chinchilla laws"
                                             : "about the lines",
                 in_brackets(parallel->lack_of_fit_interval));
    if (std::isfinite(parallel->absolute_coefficient))
      fmt::print("    what is saved, s {}, where the loss is L: L - {:.4g} = {:.4g} s^-{:.4g}\n",
                 in_seconds ? "seconds" : "FLOPs", parallel->floor, parallel->absolute_coefficient,
                 parallel->k);
    if (const std::string tests = slope_tests_text(*parallel); !tests.empty())
      fmt::print("  equal slopes: {}\n", tests);
    if (savings.floor_assumed)
      fmt::print(
          "  equal slopes: not tested (fewer than six budgets do not identify the floor, zero is "
          "assumed; give it with --floor)\n");
  }
  if (const auto& growth = savings.growth; growth && std::isfinite(growth->p))
    fmt::print(
        "  from the highest common loss to the lowest the factor changes by {:.4g}{}, p = "
        "{:.3g}\n",
        growth->ratio, in_brackets(growth->interval), growth->p);
}

void print_sizes(const Frontier& frontier) {
  for (const FrontierPoint& p : frontier.points) {
    if (!p.used || !p.near_optimal) continue;
    fmt::print("  {} at {:.4g}: best size {:.4g}, within {:g} % of its loss {:.4g} to {:.4g}\n",
               frontier.architecture, p.flops, p.optimal_parameters, 100 * kNearOptimal,
               p.near_optimal->first, p.near_optimal->second);
  }
}

void print_savings(const Savings& savings, const std::optional<Savings>& wall_clock,
                   bool in_seconds) {
  fmt::print("{}\n", savings.verdict);
  for (const SavingsAt& at : savings.at) {
    fmt::print("  at loss {:.4f}: {:.3f}x{}", at.loss, at.savings, in_brackets(at.interval));
    if (std::isfinite(at.by_law) && savings.growth)
      fmt::print(", by the law {:.3f}x{}", at.by_law, in_brackets(at.by_law_interval));
    fmt::print("{}\n", at.extrapolated ? " (extrapolated)" : "");
  }
  fmt::print("  intervals: {}\n", savings.uncertainty);
  print_laws(savings, in_seconds);
  if (wall_clock) {
    fmt::print("  in training time as measured:");
    for (const SavingsAt& at : wall_clock->at)
      fmt::print(" {:.6f}x{} at {:.4f}{}", at.savings, in_brackets(at.interval), at.loss,
                 &at == &wall_clock->at.back() ? "\n" : ",");
  }
  print_sizes(savings.baseline_frontier);
  print_sizes(savings.candidate_frontier);
  for (const std::string& flag : savings.flags) fmt::print("  flag: {}\n", flag);
}

// The best few of the places; --json has all.
void print_places(const NextStudy& next) {
  constexpr std::size_t kShown = 8;
  if (next.places.empty()) return;
  fmt::print("a run at any size and budget, by the chinchilla laws of both: the best {} of {}\n",
             std::min(kShown, next.places.size()), next.places.size());
  fmt::print("  {:<20} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "architecture", "parameters",
             "tokens", "FLOPs", "narrower %", "growth %");
  for (std::size_t i = 0; i < std::min(kShown, next.places.size()); ++i) {
    const NextPlace& place = next.places[i];
    fmt::print("  {:<20} {:>10.4g} {:>10.3g} {:>10.3g} {:>10.2f} {:>10.2f}{}{}\n",
               place.architecture, place.parameters, place.tokens, place.flops, 100 * place.shrinks,
               100 * place.growth_shrinks, place.new_size ? "  new size" : "",
               place.new_budget ? "  new budget" : "");
  }
}

void print_next_study(const NextStudy& next) {
  if (next.seeds.empty() && next.runs.empty()) {
    fmt::print(
        "what resolves {:g} %: not known (seed noise not measured); train two sizes at two "
        "seeds first\n",
        next.percent);
    return;
  }
  fmt::print(
      "to resolve a saving of {:g} % at loss {:.4f} in four studies of five (this study: "
      "{:.3g} %)\n",
      next.percent, next.loss, next.resolved_percent);
  fmt::print("  {:<16} {:>5} {:>9} {:>10} {:>10}\n", "sizes", "seeds", "more runs", "FLOPs",
             "resolves %");
  for (const SeedPlan& plan : next.seeds)
    fmt::print("  {:<16} {:>5} {:>9} {:>10.3g} {:>10.3g}{}\n", plan.sizes, plan.seeds, plan.runs,
               plan.flops, plan.resolved_percent, plan.resolves ? " yes" : "");
  fmt::print("one more seed that narrows the interval most for its FLOPs\n");
  fmt::print("  {:<20} {:<12} {:>10} {:>10} {:>10}\n", "architecture", "size", "FLOPs",
             "narrower %", "growth %");
  for (const NextRun& run : next.runs)
    fmt::print("  {:<20} {:<12} {:>10.3g} {:>10.2f} {:>10.2f}\n", run.architecture,
               size_text(run.size, run.parameters), run.flops, 100 * run.shrinks,
               100 * run.growth_shrinks);
  print_places(next);
}

SavingsOptions savings_options(const CommandLine& line) {
  for (const char* name : {"baseline", "candidate"})
    if (!line.has(name))
      throw InputError(std::string("--") + name +
                       " is missing (savings compare two architectures); name one");
  SavingsOptions options;
  options.baseline = line.get<std::string>("baseline");
  options.candidate = line.get<std::string>("candidate");
  options.floor = savings_floor_named(line.get<std::string>("floor"));
  options.frontier = frontier_kind(line.get<std::string>("frontier"));
  options.at = losses_of(line.get<std::string>("at"));
  if (line.has("exponent")) options.exponent = line.get<double>("exponent");
  options.wall_clock = line.has("wall-clock");
  options.bootstrap = line.get<int>("bootstrap");
  options.level = line.get<double>("level");
  options.seed = line.get<std::uint64_t>("seed");
  options.from_budget = line.get<double>("from-budget");
  options.embeddings = !line.has("without-embeddings");
  options.threads = line.get<int>("threads");
  return options;
}

}  // namespace

int savings_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line("isoloss savings FILE|DIR --baseline A --candidate B [options]",
                   "How much compute B saves over A at equal loss, each on its own frontier.",
                   "isoloss savings results/runs/quickstart --baseline transformer --candidate "
                   "primer-ez");
  line.add()("baseline", po::value<std::string>(), "architecture A")(
      "candidate", po::value<std::string>(), "architecture B")(
      "floor", po::value<std::string>()->default_value("auto"),
      "free, shared, zero or a number of nats")("frontier",
                                                po::value<std::string>()->default_value("auto"),
                                                "auto, points, surface, isoflop or envelope")(
      "exponent", po::value<double>(),
      "k of both frontiers, given: one point of each is enough (with --floor)")(
      "at", po::value<std::string>()->default_value(""), "losses, with commas between")(
      "wall-clock", "in training seconds instead of FLOPs")(
      "flops", po::value<std::string>()->default_value("exact"), "FLOP convention of a folder")(
      "from-budget", po::value<double>()->default_value(0), "leave out smaller nominal budgets")(
      "without-embeddings", "count sizes without the token embedding")(
      "resolve", po::value<double>(), "percent: which next runs would resolve such a saving")(
      "threads", po::value<int>()->default_value(1), "results do not depend on it")(
      "bootstrap", po::value<int>()->default_value(1000), "draws through the whole procedure")(
      "level", po::value<double>()->default_value(0.95, "0.95"), "of the intervals")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of the draws")(
      "json", "one JSON object on standard output");
  line.positional("FILE");
  if (!line.parse(arguments)) return 0;
  const SavingsOptions options = savings_options(line);
  check_options(options);
  if (line.has("resolve")) check_next_study(options, line.get<double>("resolve"));
  const PointTable table =
      read_points(line.get<std::string>("FILE"), line.get<std::string>("flops"));
  Savings savings = compute_savings(table, options);
  const std::optional<Savings> wall_clock = savings_in_seconds(table, options, savings);
  std::optional<NextStudy> next;
  if (line.has("resolve"))
    next = plan_next_study(table, options, savings, line.get<double>("resolve"));
  if (line.has("json")) {
    nlohmann::json json = to_json(savings);
    json["wall_clock"] = wall_clock ? to_json(*wall_clock) : nlohmann::json();
    if (next) json["next_study"] = to_json(*next);
    print_json(json);
    return 0;
  }
  print_savings(savings, wall_clock, options.wall_clock);
  if (next) print_next_study(*next);
  return 0;
}

}  // namespace isoloss
