#include "harness/bench/bench_study.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <tuple>

#include "harness/bench/bench_process.h"
#include "harness/bench/bench_rounds.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/tell.h"
#include "results/durable_file.h"
#include "sweeps/plan.h"
#include "sweeps/study.h"

namespace isoloss {
namespace {

struct StudyBenchSize {
  std::string name;
  int width = 0, layers = 0;
};

const std::vector<StudyBenchSize>& known_sizes() {
  static const std::vector<StudyBenchSize> sizes = {
      {"32x2", 32, 2}, {"48x4", 48, 4}, {"64x4", 64, 4}, {"96x4", 96, 4}};
  return sizes;
}

const StudyBenchSize& size_named(const std::string& name) {
  for (const StudyBenchSize& size : known_sizes())
    if (size.name == name) return size;
  throw InputError(fmt::format("'{}' is not a size of bench --study (they are {}){}", name,
                               fmt::join(study_bench_sizes(), ", "),
                               suggestion(name, study_bench_sizes())));
}

// AdamW, clipping and batch as scripts/peer.py has them, so that a step is the same work in both.
std::string study_text(const StudyBench& bench, const std::vector<double>& budgets, int threads) {
  std::string sizes;
  for (const std::string& name : bench.sizes) {
    const StudyBenchSize& size = size_named(name);
    sizes +=
        fmt::format("    - {{name: {}, d_model: {}, layers: {}}}\n", name, size.width, size.layers);
  }
  return fmt::format(
      "study: bench\n"
      "data: {{synthetic: {{symbols: 64, tokens: 1e6}}}}\n"
      "model: {{sequence: 128, d_head: 16}}\n"
      "optimizer: {{name: adamw, schedule: rsqrt, learning_rate: 0.001, warmup_steps: 20, "
      "batch_tokens: 1024, clip_norm: 1, weight_decay: 0.1}}\n"
      "grid:\n"
      "  architecture: [{}]\n"
      "  size:\n{}"
      "  budget: {{flops: [{}]}}\n"
      "  seed: [0]\n"
      "evaluate: {{tokens: 8192, tasks: []}}\n"
      "run: {{dtype: float32, device: cpu, threads: {}}}\n",
      fmt::join(bench.architectures, ", "), sizes, fmt::join(budgets, ", "), threads);
}

std::vector<double> budgets_of(const StudyBench& bench) {
  std::vector<double> budgets;
  for (const double times : {1.0, 2.15, 4.64, 10.0}) budgets.push_back(times * bench.flops);
  return budgets;
}

std::filesystem::path write_study(const StudyBench& bench, const std::string& name,
                                  const std::vector<double>& budgets, int threads) {
  const auto file = bench.folder / (name + ".yaml");
  write_durably(file, study_text(bench, budgets, threads));
  return file;
}

// Runs this program with its output in LOG, and returns its seconds from start to end.
double seconds_of_program(std::vector<std::string> arguments, const std::filesystem::path& log) {
  arguments.insert(arguments.begin(), std::filesystem::read_symlink("/proc/self/exe").string());
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  const pid_t process = ::fork();
  if (process < 0) throw WorkError("bench --study cannot start a process; close some programs");
  if (process == 0) {
    const int file = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (status == 0) return seconds;
  constexpr std::size_t kShown = 2000;
  const std::string said = read_file(log);
  throw WorkError(fmt::format("isoloss {} failed ({}); mend what it names", arguments[1],
                              said.substr(said.size() - std::min(said.size(), kShown))));
}

// One budget at a time, so that no two trials share a run: each is trained from step 0.
double seconds_alone(const StudyBench& bench, double budget) {
  const std::string name = "alone-" + budget_text(budget, BudgetUnit::Flops);
  const auto file = write_study(bench, name, {budget}, bench.ranks);
  return seconds_of_program({"run", file, "--out", bench.folder / name},
                            bench.folder / (name + ".log"));
}

std::unique_ptr<BenchProcess> faster_peer(const BenchCase& shape, PeerTrials& row) {
  constexpr int kSteps = 20;
  std::unique_ptr<BenchProcess> fastest;
  double least = 0;
  for (const char* mode : {"eager", "compiled"}) {
    auto peer = pytorch_process(shape, mode);
    peer->begin_steps(kSteps);
    const double seconds = median(peer->finish_steps());
    if (fastest && seconds >= least) continue;
    fastest = std::move(peer);
    least = seconds;
    row.mode = mode;
  }
  return fastest;
}

PeerTrials peer_trials(const StudyPlan& plan, std::size_t run, int threads) {
  const RunSpec& spec = plan.runs[run].spec;
  PeerTrials row{spec.model.architecture, spec.model.size, "", 0, 0};
  const BenchCase shape{spec.model, spec.optimizer.batch_tokens / spec.model.sequence,
                        Precision::Float32, threads};
  const auto peer = faster_peer(shape, row);
  for (const PlannedTrial& trial : plan.trials) {
    if (trial.run != run) continue;
    peer->begin_steps(static_cast<int>(trial.steps));
    const std::vector<double> seconds = peer->finish_steps();
    row.seconds += std::accumulate(seconds.begin(), seconds.end(), 0.0);
    row.steps += trial.steps;
  }
  return row;
}

}  // namespace

std::vector<std::string> study_bench_sizes() {
  std::vector<std::string> names;
  for (const StudyBenchSize& size : known_sizes()) names.push_back(size.name);
  return names;
}

double StudyTimes::one_after_another() const {
  return std::accumulate(alone.begin(), alone.end(), 0.0);
}

double StudyTimes::peer_seconds() const {
  double sum = 0;
  for (const PeerTrials& row : peer_trials) sum += row.seconds;
  return sum;
}

StudyTimes time_study(const StudyBench& bench) {
  const std::vector<double> budgets = budgets_of(bench);
  const auto file = write_study(bench, "packed", budgets, 1);
  const StudyPlan plan = make_plan(read_study(file));
  if (bench.peer) {  // complains before the long part
    python_environment();
    for (const PlannedRun& run : plan.runs) expect_peer(run.spec.model);
  }
  StudyTimes times;
  times.trials = static_cast<std::int64_t>(plan.trials.size());
  times.runs = static_cast<std::int64_t>(plan.runs.size());
  times.flops = plan.flops;
  times.flops_without_sharing = plan.flops_without_sharing;
  tell(fmt::format("{} trials in {} runs on {} ranks", times.trials, times.runs, bench.ranks));
  times.makespan = seconds_of_program(
      {"run", file, "--out", bench.folder / "packed", "--ranks", fmt::format("{}", bench.ranks)},
      bench.folder / "packed.log");
  tell(fmt::format("{:.1f} s; now one after another, each from step 0, {} threads", times.makespan,
                   bench.ranks));
  for (const double budget : budgets) times.alone.push_back(seconds_alone(bench, budget));
  if (!bench.peer) return times;
  tell(fmt::format("{:.1f} s; now in PyTorch", times.one_after_another()));
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    times.peer_trials.push_back(peer_trials(plan, run, bench.ranks));
    const PeerTrials& row = times.peer_trials.back();
    tell(fmt::format("{} {}: {} steps, {}, {:.1f} s", row.architecture, row.size, row.steps,
                     row.mode, row.seconds));
  }
  return times;
}

}  // namespace isoloss
