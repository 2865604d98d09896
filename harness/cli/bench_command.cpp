// `isoloss bench`: how fast training steps are here, against what matrix products reach, and
// against PyTorch.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "harness/bench/bench.h"
#include "harness/bench/bench_process.h"
#include "harness/bench/bench_rounds.h"
#include "harness/cli/bench_analysis.h"
#include "harness/cli/bench_recording.h"
#include "harness/cli/bench_study.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/ranks/machine.h"
#include "model/kernels/cpu/gemm_peak.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/parameters.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

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

struct Case {
  BenchCase bench;
  BenchBeside beside;
};

BenchCase bench_case(const std::string& architecture, const std::string& size, Precision precision,
                     int threads) {
  return {bench_spec(architecture, bench_size(size)), bench_size(size).batch, precision, threads};
}

// The table of docs/performance.md.
std::vector<Case> table_cases(int threads) {
  const auto row = [&](const char* architecture, const char* size, Precision precision) {
    return Case{bench_case(architecture, size, precision, threads), {}};
  };
  std::vector<Case> cases = {row("gpt2", "0.8M", Precision::Float32),
                             row("gpt2", "10.7M", Precision::Float32),
                             row("gpt2", "10.7M", Precision::BFloat16),
                             row("gpt2", "23M", Precision::BFloat16),
                             row("transformer", "10.7M", Precision::Float32),
                             row("primer-ez", "10.7M", Precision::Float32)};
  cases.front().beside.side_by_side = threads > 1;
  cases.back().beside.transformer = true;
  return cases;
}

// Every combination of what is asked for.
std::vector<Case> chosen_cases(const CommandLine& line) {
  const std::vector<std::string> architectures = split_list(line.get<std::string>("architecture"));
  const bool transformer =
      std::find(architectures.begin(), architectures.end(), "transformer") != architectures.end();
  std::vector<Case> cases;
  for (const std::string& threads : split_list(line.get<std::string>("threads")))
    for (const std::string& dtype : split_list(line.get<std::string>("dtype")))
      for (const std::string& size : split_list(line.get<std::string>("size")))
        for (const std::string& architecture : architectures) {
          const BenchCase bench =
              bench_case(architecture, size, precision_of(dtype), whole_number(threads, "threads"));
          cases.push_back({bench,
                           {false, transformer && architecture != "transformer",
                            line.has("side-by-side") && bench.threads > 1}});
        }
  return cases;
}

std::vector<Case> cases_of(const CommandLine& line) {
  const bool chooses = line.given("architecture") || line.given("size") || line.given("dtype") ||
                       line.has("side-by-side");
  const std::string threads = line.get<std::string>("threads");
  std::vector<Case> cases = chooses || threads.find(',') != std::string::npos
                                ? chosen_cases(line)
                                : table_cases(whole_number(threads, "threads"));
  for (Case& one : cases) one.beside.peer = line.has("peer");
  return cases;
}

const char* dtype_name(const BenchCase& bench) {
  return bench.precision == Precision::BFloat16 ? "bfloat16" : "float32";
}

nlohmann::ordered_json as_json(const std::vector<double>& ratios) {
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {{"ratio", median(ratios)}, {"ratio_range", {*low, *high}}};
}

std::string as_text(const std::vector<double>& ratios) {
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return fmt::format("{:.2f}x ({:.2f}..{:.2f})", median(ratios), *low, *high);
}

nlohmann::ordered_json as_json(const BenchRow& row) {
  const auto rate = [&](const std::vector<double>& seconds) {
    const Spread spread = spread_of(seconds);
    return nlohmann::ordered_json{
        {"tokens_per_second", row.tokens_per_second(spread.median)},
        {"tokens_per_second_quartiles",
         {row.tokens_per_second(spread.high), row.tokens_per_second(spread.low)}},
        {"step_seconds", spread.median}};
  };
  nlohmann::ordered_json json = {{"architecture", row.bench.spec.architecture},
                                 {"size", row.bench.spec.size},
                                 {"parameters", count_parameters(row.bench.spec).total},
                                 {"dtype", dtype_name(row.bench)},
                                 {"threads", row.bench.threads},
                                 {"steps", row.seconds.size()}};
  json.update(rate(row.seconds));
  json["model_flops_utilisation"] = row.utilisation();
  json["gemm_peak_flops"] = row.gemm_peak;
  json["peak_memory_bytes"] = row.peak_memory;
  json["predicted_memory_bytes"] = row.predicted_memory;
  for (const PeerTimes& peer : row.peers) {
    json["peer"][peer.mode] = rate(peer.seconds);
    json["peer"][peer.mode]["peak_memory_bytes"] = peer.peak_memory;
  }
  if (!row.over_peer.empty()) json["peer"].update(as_json(row.over_peer));
  if (!row.over_transformer.empty()) json["over_transformer"] = as_json(row.over_transformer);
  if (!row.side_by_side.empty()) json["side_by_side"] = as_json(row.side_by_side);
  return json;
}

void print_row(const BenchRow& row) {
  const Spread spread = spread_of(row.seconds);
  fmt::print("{:<16} {:<6} {:<8} {:>7} {:>9.0f} {:>17} {:>6.1f} % {:>7.0f} MB {:>7.0f} MB",
             row.bench.spec.architecture, row.bench.spec.size, dtype_name(row.bench),
             row.bench.threads, row.tokens_per_second(spread.median),
             fmt::format("{:.0f}..{:.0f}", row.tokens_per_second(spread.high),
                         row.tokens_per_second(spread.low)),
             100 * row.utilisation(), static_cast<double>(row.peak_memory) / 1e6,
             row.predicted_memory / 1e6);
  for (const PeerTimes& peer : row.peers)
    fmt::print(" | {} {:.0f}, {:.0f} MB", peer.mode, row.tokens_per_second(median(peer.seconds)),
               static_cast<double>(peer.peak_memory) / 1e6);
  if (!row.over_peer.empty()) fmt::print(" | {}", as_text(row.over_peer));
  if (!row.over_transformer.empty())
    fmt::print(" | {} over transformer", as_text(row.over_transformer));
  if (!row.side_by_side.empty())
    fmt::print(" | {} models side by side, a thread each: {}", row.bench.threads,
               as_text(row.side_by_side));
  fmt::print("\n");
  std::fflush(stdout);
}

// Times them and prints a row each, or with `json` one object of all.
void time_cases(const std::vector<Case>& cases, int steps, bool json) {
  if (!json)
    fmt::print("{}\n{:<16} {:<6} {:<8} {:>7} {:>9} {:>17} {:>8} {:>10} {:>10}\n", machine_name(),
               "architecture", "size", "dtype", "threads", "tokens/s", "quartiles", "utilis.",
               "peak", "predicted");
  nlohmann::ordered_json rows = nlohmann::ordered_json::array(), peaks;
  std::map<std::pair<int, Precision>, double> gemm_peaks;
  for (const auto& [bench, beside] : cases) {
    const auto [peak, fresh] = gemm_peaks.try_emplace({bench.threads, bench.precision}, 0);
    if (fresh) {
      set_intra_op_threads(bench.threads);
      const bool half = bench.precision == Precision::BFloat16;
      peak->second = gemm_peak(half ? GemmType::BFloat16 : GemmType::Float32);
      peaks[dtype_name(bench)] = peak->second;
      tell_as_written(fmt::format("matrix products in {}, {} threads: {:.1f} GFLOP/s\n",
                                  dtype_name(bench), bench.threads, peak->second * 1e-9));
    }
    const BenchRow row = time_rounds(bench, beside, steps, peak->second);
    if (json)
      rows.push_back(as_json(row));
    else
      print_row(row);
  }
  if (json)
    print_json(nlohmann::ordered_json{
        {"device", machine_name()}, {"peak_flops_measured", peaks}, {"rows", rows}});
}

}  // namespace

int bench_command(Arguments arguments) {
  if (asks_for_analysis(arguments)) return bench_analysis_command(arguments);
  if (asks_for_recording(arguments)) return bench_recording_command(arguments);
  if (asks_for_study(arguments)) return bench_study_command(arguments);
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss bench [--analysis | --recording | --study | --peer] [--architecture A,..] [--size "
      "NAME,..] "
      "[--dtype D,..] "
      "[--threads "
      "N,..] [--side-by-side] [--steps N] [--json]",
      "Times training steps (forward, backward, clipping, AdamW) of models of 0.8 to 23 million\n"
      "parameters: the rows of docs/performance.md, or every combination of what is asked for.\n"
      "Utilisation: tokens/s times FLOPs a token, attention counted for its causal half, over the\n"
      "fastest matrix product measured in the same run; then the peak of memory and what plan\n"
      "predicts. --peer times the same model in PyTorch, eager and compiled, in alternation; the\n"
      "ratio is against the faster of the two. Where transformer is among the architectures the\n"
      "others are set against it too. --analysis times fits instead, --recording what is stored,\n"
      "--study a whole study.",
      "isoloss bench --size 0.8M --architecture transformer,primer-ez");
  line.add()("architecture", po::value<std::string>()->default_value("gpt2,transformer,primer-ez"),
             "names of the catalogue")(
      "size", po::value<std::string>()->default_value("0.8M,10.7M,23M"), "0.8M, 10.7M or 23M")(
      "dtype", po::value<std::string>()->default_value("float32"), "float32, bfloat16")(
      "threads", po::value<std::string>()->default_value("2"), "intra-op threads")(
      "steps", po::value<int>()->default_value(20), "timed steps at least, in rounds of 5 or more")(
      "peer", "PyTorch beside it")(
      "side-by-side", "as many models as threads at once, against one after the other on all")(
      "json", "one JSON object on standard output")(
      "serve", "take steps as standard input asks; how bench runs what it times");
  if (!line.parse(arguments)) return 0;

  const int steps = line.get<int>("steps");
  if (steps < 1) throw InputError("--steps is below 1 (nothing to time); take 20");
  const bool with_peer = line.has("peer"), json = line.has("json");
  if (with_peer) python_environment();  // complains before the long part
  const std::vector<Case> cases = cases_of(line);
  if (with_peer)
    for (const Case& one : cases) expect_peer(one.bench.spec);
  if (line.has("serve")) {
    serve_steps(cases.front().bench, std::cin, std::cout);
    return 0;
  }

  time_cases(cases, steps, json);
  return 0;
}

}  // namespace isoloss
