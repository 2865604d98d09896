// Training throughput of every architecture at the quickstart's sizes: forward and backward of 1024
// tokens on one thread, fused kernels and plain ones in the same run. GFLOP/s count
// flops_per_token(spec).exact, attention as full T x T.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/cost/flops.h"
#include "model/layers/language_model.h"
#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

struct Size {
  std::int64_t d_model, layers, d_head, vocabulary;
};

void train_step(benchmark::State& state, const std::string& architecture, Size size,
                Kernels kernels) {
  ModelSpec spec = named_architecture(architecture);
  spec.d_model = size.d_model;
  spec.layers = size.layers;
  spec.d_head = size.d_head;
  spec.vocabulary = size.vocabulary;
  spec.sequence = 128;
  constexpr std::int32_t kTokens = 1024;
  std::vector<std::int32_t> tokens(kTokens);
  for (std::int32_t i = 0; i < kTokens; ++i)
    tokens[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>((i * i + 7 * i) % size.vocabulary);
  LanguageModel model(spec, 0, {Precision::Float32, kernels});
  for ([[maybe_unused]] auto iteration : state)
    benchmark::DoNotOptimize(model.loss_and_gradients(tokens, {1e-4}));
  const double flops = flops_per_token(spec).exact * kTokens;
  state.counters["GFLOP/s"] = benchmark::Counter(
      flops * 1e-9 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void register_all() {
  for (const Size size : {Size{24, 2, 8, 256}, Size{32, 4, 16, 256}, Size{48, 4, 16, 256},
                          Size{16, 2, 16, 32}, Size{64, 2, 16, 32}})
    for (const CatalogueEntry& entry : architectures())
      for (const Kernels kernels : {Kernels::Fused, Kernels::Reference}) {
        const std::string name = entry.name + "/" + std::to_string(size.d_model) + "x" +
                                 std::to_string(size.layers) + "/V" +
                                 std::to_string(size.vocabulary) +
                                 (kernels == Kernels::Fused ? "/fused" : "/plain");
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
          train_step(state, entry.name, size, kernels);
        })->Unit(benchmark::kMillisecond);
      }
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  isoloss::set_intra_op_threads(1);
  isoloss::register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
