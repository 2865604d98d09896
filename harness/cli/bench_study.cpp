#include "harness/cli/bench_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/bench/bench_study.h"
#include "harness/cli/command_line.h"
#include "harness/cli/print_json.h"
#include "harness/cli/temporary_folder.h"
#include "harness/ranks/machine.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

nlohmann::ordered_json as_json(const StudyBench& bench, const StudyTimes& times) {
  nlohmann::ordered_json json = {
      {"ranks", bench.ranks},
      {"trials", times.trials},
      {"runs", times.runs},
      {"flops", times.flops},
      {"flops_without_sharing", times.flops_without_sharing},
      {"makespan_seconds", times.makespan},
      {"one_after_another_seconds", times.one_after_another()},
      {"one_after_another_seconds_by_budget", times.alone},
      {"over_one_after_another", times.one_after_another() / times.makespan}};
  if (!bench.peer) return json;
  json["peer_seconds"] = times.peer_seconds();
  json["over_peer"] = times.peer_seconds() / times.makespan;
  for (const PeerTrials& row : times.peer_trials)
    json["peer"].push_back({{"architecture", row.architecture},
                            {"size", row.size},
                            {"mode", row.mode},
                            {"steps", row.steps},
                            {"seconds", row.seconds}});
  return json;
}

void print_text(const StudyBench& bench, const StudyTimes& times) {
  fmt::print("{}\n{} trials in {} runs, {:.3g} FLOPs ({:.3g} without sharing)\n", machine_name(),
             times.trials, times.runs, times.flops, times.flops_without_sharing);
  fmt::print("{:<58} {:>8.1f} s\n", fmt::format("isoloss run --ranks {}", bench.ranks),
             times.makespan);
  fmt::print("{:<58} {:>8.1f} s   {:.2f}x\n",
             fmt::format("isoloss, one after another from step 0, {} threads", bench.ranks),
             times.one_after_another(), times.one_after_another() / times.makespan);
  if (!bench.peer) return;
  fmt::print("{:<58} {:>8.1f} s   {:.2f}x\n",
             fmt::format("PyTorch, the same, its steps alone, {} threads", bench.ranks),
             times.peer_seconds(), times.peer_seconds() / times.makespan);
}

}  // namespace

bool asks_for_study(Arguments arguments) {
  return std::find(arguments.begin(), arguments.end(), "--study") != arguments.end();
}

int bench_study_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss bench --study [--architecture A,..] [--size NAME,..] [--flops F] [--ranks N]\n"
      "    [--without-peer] [--folder DIR] [--json]",
      "Trains a study of AdamW on a made language as `isoloss run --ranks N` does, then the same\n"
      "trials one after another, each from step 0 on all cores (N threads): by `isoloss run` on\n"
      "a study of each budget, and step by step in PyTorch (scripts/peer.py on random tokens, "
      "eager\n"
      "or compiled, whichever took 20 steps of the model faster; starting, compiling, data and\n"
      "evaluations do not count there). All are trained in full. It prints how many times longer\n"
      "than the first the others took.",
      "isoloss bench --study --json");
  line.add()("study", "time one")(
      "architecture",
      po::value<std::string>()->default_value("transformer,transformer++,primer-ez"),
      "names of the catalogue")("size",
                                po::value<std::string>()->default_value(
                                    fmt::format("{}", fmt::join(study_bench_sizes(), ","))),
                                "of its sizes")(
      "flops", po::value<double>()->default_value(2e10),
      "the smallest budget; the others are 2.15, 4.64 and 10 times it")(
      "ranks", po::value<int>()->default_value(2), "of one thread each")("without-peer",
                                                                         "leave PyTorch out")(
      "folder", po::value<std::string>()->default_value(std::filesystem::temp_directory_path()),
      "where study folders are made and removed")("json", "one JSON object on standard output");
  if (!line.parse(arguments)) return 0;
  StudyBench bench;
  bench.architectures = split_list(line.get<std::string>("architecture"));
  bench.sizes = split_list(line.get<std::string>("size"));
  bench.flops = line.get<double>("flops");
  bench.ranks = line.get<int>("ranks");
  bench.peer = !line.has("without-peer");
  if (!(bench.flops > 0))
    throw InputError("--flops is not positive (nothing would be trained); give for example 2e10");
  if (bench.ranks < 1)
    throw InputError(fmt::format("--ranks is {} (somebody has to train); give 2", bench.ranks));
  const TemporaryFolder folder(line.get<std::string>("folder"));
  bench.folder = folder.path();
  const StudyTimes times = time_study(bench);
  if (line.has("json"))
    print_json(
        nlohmann::ordered_json{{"device", machine_name()}, {"study", as_json(bench, times)}});
  else
    print_text(bench, times);
  return 0;
}

}  // namespace isoloss
