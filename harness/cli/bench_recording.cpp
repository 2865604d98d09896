#include "harness/cli/bench_recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "harness/bench/bench_recording.h"
#include "harness/bench/bench_sizes.h"
#include "harness/cli/command_line.h"
#include "harness/cli/print_json.h"
#include "harness/cli/temporary_folder.h"
#include "model/spec/catalogue.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

RunSpec spec_of(const ModelSpec& model, OptimizerKind optimizer, std::int64_t batch_tokens) {
  RunSpec spec;
  spec.model = model;
  spec.optimizer.kind = optimizer;
  spec.optimizer.batch_tokens = batch_tokens;
  spec.optimizer.learning_rate = 1e-3;
  spec.optimizer.warmup_steps = 100;
  spec.data.kind = DataKind::Synthetic;
  spec.data.synthetic.tokens = 1'000'000;
  spec.evaluation.tokens = 4096;
  return spec;
}

// The smallest and a large one of sweeps/quickstart.yaml, and bench's own.
std::vector<RunSpec> specs() {
  std::vector<RunSpec> result;
  for (const auto& [name, width, layers, head] :
       {std::tuple{"24x2", 24, 2, 12}, std::tuple{"48x4", 48, 4, 16}}) {
    ModelSpec model = named_architecture("transformer");
    model.size = name;
    model.d_model = width;
    model.layers = layers;
    model.d_head = head;
    model.sequence = 128;
    model.vocabulary = 256;
    result.push_back(spec_of(model, OptimizerKind::Adafactor, 1024));
  }
  for (const BenchSize& size : bench_sizes())
    result.push_back(
        spec_of(bench_spec("gpt2", size), OptimizerKind::AdamW, size.batch * size.sequence));
  return result;
}

}  // namespace

bool asks_for_recording(Arguments arguments) {
  return std::find(arguments.begin(), arguments.end(), "--recording") != arguments.end();
}

int bench_recording_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss bench --recording [--folder DIR] [--seconds N] [--json]",
      "What a run's metrics and checkpoints cost its training: of a step's metrics the "
      "time on the training thread and beside it (encoded, written and synced every "
      "5 s) as a share of the step, and how long training stops for a checkpoint "
      "beside how long that takes until it is on disk.",
      "isoloss bench --recording --folder /scratch");
  line.add()("recording", "time them")(
      "folder", po::value<std::string>()->default_value(std::filesystem::temp_directory_path()),
      "on the file system that is asked about")("seconds", po::value<double>()->default_value(10),
                                                "to train each model")(
      "json", "one JSON object on standard output");
  if (!line.parse(arguments)) return 0;
  const double seconds = line.get<double>("seconds");
  if (!(seconds > 0))
    throw InputError("--seconds is not positive (nothing could be timed); give for example 10");
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  if (!line.has("json"))
    fmt::print("{:<6} {:>10} {:>9} {:>12} {:>12} {:>8} {:>12} {:>11} {:>11}\n", "model",
               "parameters", "step", "its metrics", "beside", "share", "checkpoint", "stops for",
               "on disk in");
  for (const RunSpec& spec : specs()) {
    const TemporaryFolder folder(line.get<std::string>("folder"));
    const RecordingCost cost = measure_recording(spec, folder.path() / "study", seconds);
    rows.push_back({{"model", spec.model.size},
                    {"parameters", cost.parameters},
                    {"steps", cost.steps},
                    {"step_seconds", cost.step_seconds},
                    {"metrics_seconds", cost.metrics_seconds},
                    {"journal_seconds", cost.journal_seconds},
                    {"metrics_share", cost.metrics_share()},
                    {"checkpoints", cost.checkpoints},
                    {"checkpoint_bytes", cost.checkpoint_bytes},
                    {"checkpoint_pause_seconds", cost.pause_seconds},
                    {"checkpoint_written_seconds", cost.written_seconds}});
    if (line.has("json")) continue;
    fmt::print(
        "{:<6} {:>10} {:>6.1f} ms {:>9.1f} us {:>9.1f} us {:>6.3f} % {:>9.2f} MB {:>8.2f} ms "
        "{:>8.1f} ms\n",
        spec.model.size, cost.parameters, 1e3 * cost.step_seconds, 1e6 * cost.metrics_seconds,
        1e6 * cost.journal_seconds, 100 * cost.metrics_share(), cost.checkpoint_bytes / 1e6,
        1e3 * cost.pause_seconds, 1e3 * cost.written_seconds);
    std::fflush(stdout);
  }
  if (line.has("json")) print_json(nlohmann::ordered_json{{"recording", rows}});
  return 0;
}

}  // namespace isoloss
