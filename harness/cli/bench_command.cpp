// `isoloss bench`: how fast training steps are here, against what matrix products reach, and
// against PyTorch.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "harness/bench.h"
#include "harness/bench_peer.h"
#include "harness/cli/bench_analysis.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/machine.h"
#include "model/kernels/cpu/gemm_peak.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

constexpr int kRoundSteps = 5;

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ',');) parts.push_back(part);
  return parts;
}

Precision precision_of(const std::string& name) {
  if (name == "float32") return Precision::Float32;
  if (name == "bfloat16") return Precision::BFloat16;
  const std::vector<std::string> names = {"float32", "bfloat16"};
  throw InputError("'" + name + "' is not a dtype of bench (float32 or bfloat16)" +
                   suggestion(name, names));
}

int whole_number(const std::string& text, const char* option) {
  std::istringstream in(text);
  int value = 0;
  if (!(in >> value) || !in.eof() || value < 1)
    throw InputError(fmt::format("--{}: '{}' is not a count (a whole number from 1); for example 2",
                                 option, text));
  return value;
}

// PyTorch's side of a row.
struct PeerTimes {
  std::string mode;
  std::vector<double> seconds;
  std::int64_t peak_memory = 0;
};

struct Row {
  BenchCase bench;
  double gemm_peak = 0;
  std::vector<double> seconds;
  std::int64_t peak_memory = 0;
  std::vector<PeerTimes> peers;  // empty without --peer
  std::vector<double> ratios;    // by round: our tokens/s over the fastest peer's
};

double median(const std::vector<double>& sample) { return spread_of(sample).median; }

// Rounds of kRoundSteps steps of each in turn, so that what disturbs the machine disturbs all.
Row time_case(const BenchCase& bench, int steps, bool with_peer, double gemm_peak) {
  Row row;
  row.bench = bench;
  row.gemm_peak = gemm_peak;
  forget_peak_memory();
  BenchModel model(bench);
  std::vector<std::unique_ptr<BenchPeer>> peers;
  if (with_peer)
    for (const char* mode : {"eager", "compiled"}) {
      peers.push_back(std::make_unique<BenchPeer>(bench, mode));
      row.peers.push_back({mode, {}, 0});
    }
  for (int done = 0; done < steps; done += kRoundSteps) {
    const std::vector<double> ours = model.step_seconds(kRoundSteps);
    row.seconds.insert(row.seconds.end(), ours.begin(), ours.end());
    double fastest = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const std::vector<double> theirs = peers[i]->step_seconds(kRoundSteps);
      row.peers[i].seconds.insert(row.peers[i].seconds.end(), theirs.begin(), theirs.end());
      fastest = i == 0 ? median(theirs) : std::min(fastest, median(theirs));
    }
    if (with_peer) row.ratios.push_back(fastest / median(ours));
  }
  for (std::size_t i = 0; i < peers.size(); ++i) row.peers[i].peak_memory = peers[i]->peak_memory();
  row.peak_memory = peak_memory();
  return row;
}

double tokens_per_second(const Row& row, double seconds) {
  return static_cast<double>(row.bench.tokens()) / seconds;
}

double utilisation(const Row& row) {
  return tokens_per_second(row, median(row.seconds)) * causal_flops_per_token(row.bench.spec) /
         row.gemm_peak;
}

const char* dtype_name(const Row& row) {
  return row.bench.precision == Precision::BFloat16 ? "bfloat16" : "float32";
}

nlohmann::ordered_json as_json(const Row& row) {
  const auto rate = [&](const std::vector<double>& seconds) {
    const Spread spread = spread_of(seconds);
    return nlohmann::ordered_json{
        {"tokens_per_second", tokens_per_second(row, spread.median)},
        {"tokens_per_second_quartiles",
         {tokens_per_second(row, spread.high), tokens_per_second(row, spread.low)}},
        {"step_seconds", spread.median}};
  };
  nlohmann::ordered_json json = {{"architecture", row.bench.spec.architecture},
                                 {"size", row.bench.spec.size},
                                 {"dtype", dtype_name(row)},
                                 {"threads", row.bench.threads},
                                 {"steps", row.seconds.size()}};
  json.update(rate(row.seconds));
  json["model_flops_utilisation"] = utilisation(row);
  json["gemm_peak_flops"] = row.gemm_peak;
  json["peak_memory_bytes"] = row.peak_memory;
  for (const PeerTimes& peer : row.peers) {
    json["peer"][peer.mode] = rate(peer.seconds);
    json["peer"][peer.mode]["peak_memory_bytes"] = peer.peak_memory;
  }
  if (!row.ratios.empty()) {
    const auto [low, high] = std::minmax_element(row.ratios.begin(), row.ratios.end());
    json["peer"]["ratio"] = median(row.ratios);
    json["peer"]["ratio_range"] = {*low, *high};
  }
  return json;
}

void print_row(const Row& row) {
  const Spread spread = spread_of(row.seconds);
  fmt::print("{:<16} {:<6} {:<8} {:>7} {:>9.0f} {:>17} {:>6.1f} % {:>7.0f} MB",
             row.bench.spec.architecture, row.bench.spec.size, dtype_name(row), row.bench.threads,
             tokens_per_second(row, spread.median),
             fmt::format("{:.0f}..{:.0f}", tokens_per_second(row, spread.high),
                         tokens_per_second(row, spread.low)),
             100 * utilisation(row), static_cast<double>(row.peak_memory) / 1e6);
  for (const PeerTimes& peer : row.peers)
    fmt::print(" | {} {:.0f}, {:.0f} MB", peer.mode, tokens_per_second(row, median(peer.seconds)),
               static_cast<double>(peer.peak_memory) / 1e6);
  if (!row.ratios.empty()) {
    const auto [low, high] = std::minmax_element(row.ratios.begin(), row.ratios.end());
    fmt::print(" | {:.2f}x ({:.2f}..{:.2f})", median(row.ratios), *low, *high);
  }
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

int bench_command(Arguments arguments) {
  if (asks_for_analysis(arguments)) return bench_analysis_command(arguments);
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss bench [--analysis | --peer] [--architecture A,..] [--size NAME,..] [--dtype D,..] "
      "[--threads "
      "N,..] "
      "[--steps N] [--json]",
      "Times training steps (forward, backward, clipping, AdamW) of models of 0.8 to 23 million\n"
      "parameters. Utilisation: tokens/s times FLOPs a token, attention counted for its causal "
      "half,\n"
      "over the fastest matrix product measured in the same run. --peer times the same model in\n"
      "PyTorch, eager and compiled, in alternation; the ratio is against the faster of the two.\n"
      "--analysis times fits instead.",
      "isoloss bench --size 0.8M --architecture transformer,primer-ez");
  line.add()("architecture", po::value<std::string>()->default_value("gpt2,transformer,primer-ez"),
             "names of the catalogue")(
      "size", po::value<std::string>()->default_value("0.8M,10.7M,23M"), "0.8M, 10.7M or 23M")(
      "dtype", po::value<std::string>()->default_value("float32"), "float32, bfloat16")(
      "threads", po::value<std::string>()->default_value("2"), "intra-op threads")(
      "steps", po::value<int>()->default_value(20), "timed steps, in rounds of 5")(
      "peer", "PyTorch beside it")("json", "one JSON object on standard output");
  if (!line.parse(arguments)) return 0;

  const int steps = line.get<int>("steps");
  if (steps < 1) throw InputError("--steps is below 1 (nothing to time); take 20");
  const bool with_peer = line.has("peer"), json = line.has("json");
  if (with_peer) python_environment();  // complains before the long part
  std::vector<BenchCase> cases;
  for (const std::string& threads : split(line.get<std::string>("threads")))
    for (const std::string& dtype : split(line.get<std::string>("dtype")))
      for (const std::string& size : split(line.get<std::string>("size")))
        for (const std::string& architecture : split(line.get<std::string>("architecture")))
          cases.push_back({bench_spec(architecture, bench_size(size)), bench_size(size).batch,
                           precision_of(dtype), whole_number(threads, "threads")});
  if (with_peer)
    for (const BenchCase& bench : cases) expect_peer(bench.spec);

  if (!json)
    fmt::print("{}\n{:<16} {:<6} {:<8} {:>7} {:>9} {:>17} {:>8} {:>10}\n", machine_name(),
               "architecture", "size", "dtype", "threads", "tokens/s", "quartiles", "utilis.",
               "peak");
  nlohmann::ordered_json rows = nlohmann::ordered_json::array(), peaks;
  std::map<std::pair<int, Precision>, double> gemm_peaks;
  for (const BenchCase& bench : cases) {
    const auto [peak, fresh] = gemm_peaks.try_emplace({bench.threads, bench.precision}, 0);
    if (fresh) {
      set_intra_op_threads(bench.threads);
      const bool half = bench.precision == Precision::BFloat16;
      peak->second = gemm_peak(half ? GemmType::BFloat16 : GemmType::Float32);
      peaks[half ? "bfloat16" : "float32"] = peak->second;
      fmt::print(stderr, "matrix products in {}, {} threads: {:.1f} GFLOP/s\n",
                 half ? "bfloat16" : "float32", bench.threads, peak->second * 1e-9);
    }
    const Row row = time_case(bench, steps, with_peer, peak->second);
    if (json)
      rows.push_back(as_json(row));
    else
      print_row(row);
  }
  if (json)
    fmt::print("{}\n",
               nlohmann::ordered_json{
                   {"device", machine_name()}, {"peak_flops_measured", peaks}, {"rows", rows}}
                   .dump());
  return 0;
}

}  // namespace isoloss
