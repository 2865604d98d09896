#include "harness/bench/bench_rounds.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "harness/bench/bench_process.h"
#include "model/cost/memory.h"

namespace isoloss {
namespace {

constexpr int kRoundSteps = 5;
constexpr double kRoundSeconds = 0.4;

using Process = std::unique_ptr<BenchProcess>;

std::vector<double> steps_of(const Process& process, int steps) {
  process->begin_steps(steps);
  return process->finish_steps();
}

// Seconds a step while all of them work.
double seconds_at_once(const std::vector<Process>& processes, int steps) {
  for (const Process& process : processes) process->begin_steps(steps);
  double longest = 0;
  for (const Process& process : processes)
    longest = std::max(longest, median(process->finish_steps()));
  return longest;
}

BenchCase with_threads(BenchCase bench, int threads) {
  bench.threads = threads;
  return bench;
}

BenchCase transformer_of(BenchCase bench) {
  bench.spec = bench_spec("transformer", bench_size(bench.spec.size));
  return bench;
}

double predicted(const BenchCase& bench) {
  MemoryOptions options;
  options.batch_tokens = static_cast<double>(bench.tokens());
  options.bfloat16 = bench.precision == Precision::BFloat16;
  options.threads = bench.threads;
  return training_memory(bench.spec, options).total();
}

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

double median(const std::vector<double>& sample) { return spread_of(sample).median; }

double BenchRow::tokens_per_second(double seconds_of_step) const {
  return static_cast<double>(bench.tokens()) / seconds_of_step;
}

double BenchRow::utilisation() const {
  return tokens_per_second(median(seconds)) * causal_flops_per_token(bench.spec) / gemm_peak;
}

BenchRow time_rounds(const BenchCase& bench, const BenchBeside& beside, int steps,
                     double gemm_peak) {
  BenchRow row;
  row.bench = bench;
  row.gemm_peak = gemm_peak;
  row.predicted_memory = predicted(bench);
  const Process ours = our_process(bench);
  std::vector<Process> peers, alone;
  Process transformer;
  if (beside.peer)
    for (const char* mode : {"eager", "compiled"}) {
      peers.push_back(pytorch_process(bench, mode));
      row.peers.push_back({mode, {}, 0});
    }
  if (beside.transformer) transformer = our_process(transformer_of(bench));
  if (beside.side_by_side)
    for (int i = 0; i < bench.threads; ++i) alone.push_back(our_process(with_threads(bench, 1)));

  const double step = median(steps_of(ours, 1));
  const int of_round = std::max(kRoundSteps, static_cast<int>(std::ceil(kRoundSeconds / step)));
  for (int round = 0; round * kRoundSteps < steps; ++round) {
    const std::vector<double> seconds = steps_of(ours, of_round);
    const double own = median(seconds);
    append(row.seconds, seconds);
    double fastest = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const std::vector<double> theirs = steps_of(peers[i], of_round);
      append(row.peers[i].seconds, theirs);
      fastest = i == 0 ? median(theirs) : std::min(fastest, median(theirs));
    }
    if (beside.peer) row.over_peer.push_back(fastest / own);
    if (transformer) row.over_transformer.push_back(median(steps_of(transformer, of_round)) / own);
    if (!alone.empty())
      row.side_by_side.push_back(static_cast<double>(alone.size()) * own /
                                 seconds_at_once(alone, of_round));
  }
  row.peak_memory = ours->peak_memory();
  for (std::size_t i = 0; i < peers.size(); ++i) row.peers[i].peak_memory = peers[i]->peak_memory();
  return row;
}

}  // namespace isoloss
