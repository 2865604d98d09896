// `isoloss savings`: the verdict in one line, then where it comes from.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "analysis/savings.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
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

void print_savings(const Savings& savings) {
  fmt::print("{}\n", savings.verdict);
  for (const SavingsAt& at : savings.at) {
    fmt::print("  at loss {:.4f}: {:.3f}x", at.loss, at.savings);
    if (at.interval) fmt::print(" [{:.3f}, {:.3f}]", at.interval->first, at.interval->second);
    fmt::print("{}\n", at.extrapolated ? " (extrapolated)" : "");
  }
  for (const std::string& flag : savings.flags) fmt::print("  flag: {}\n", flag);
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
      "at", po::value<std::string>()->default_value(""), "losses, with commas between")(
      "wall-clock", "in training seconds instead of FLOPs")(
      "flops", po::value<std::string>()->default_value("exact"), "FLOP convention of a folder")(
      "from-budget", po::value<double>()->default_value(0), "leave out smaller nominal budgets")(
      "without-embeddings", "count sizes without the token embedding")(
      "threads", po::value<int>()->default_value(1), "results do not depend on it")(
      "bootstrap", po::value<int>()->default_value(1000), "draws through the whole procedure")(
      "level", po::value<double>()->default_value(0.95), "of the intervals")(
      "seed", po::value<std::uint64_t>()->default_value(1), "of the draws")(
      "json", "one JSON object on standard output");
  line.positional("FILE");
  if (!line.parse(arguments)) return 0;
  for (const char* name : {"baseline", "candidate"})
    if (!line.has(name))
      throw InputError(std::string("--") + name +
                       " is missing (savings compare two architectures); name one");
  SavingsOptions options;
  options.baseline = line.get<std::string>("baseline");
  options.candidate = line.get<std::string>("candidate");
  options.floor = line.get<std::string>("floor");
  options.frontier = frontier_kind(line.get<std::string>("frontier"));
  options.at = losses_of(line.get<std::string>("at"));
  options.wall_clock = line.has("wall-clock");
  options.bootstrap = line.get<int>("bootstrap");
  options.level = line.get<double>("level");
  options.seed = line.get<std::uint64_t>("seed");
  options.from_budget = line.get<double>("from-budget");
  options.embeddings = !line.has("without-embeddings");
  options.threads = line.get<int>("threads");
  const PointTable table =
      read_points(line.get<std::string>("FILE"), line.get<std::string>("flops"));
  const Savings savings = compute_savings(table, options);
  if (line.has("json"))
    fmt::print("{}\n", to_json(savings).dump());
  else
    print_savings(savings);
  return 0;
}

}  // namespace isoloss
