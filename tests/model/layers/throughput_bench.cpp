// Training throughput, forward and backward without the optimizer: the shapes that peers are timed
// at (gpt2, and the paper's transformer beside primer-ez) by type and threads, and the studies'
// small sizes fused and plain. `peak` is the share of the matrix products' peak, measured in the
// same process, by exact FLOPs with half of the attention, as causal work.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/cost/flops.h"
#include "model/kernels/cpu/gemm_peak.h"
#include "model/layers/language_model.h"
#include "model/spec/catalogue.h"

namespace isoloss {
namespace {

struct Shape {
  std::int64_t layers, d_model, d_head, sequence, batch, vocabulary;
};
struct Run {
  std::string architecture;
  Shape shape;
  Precision precision = Precision::Float32;
  Kernels kernels = Kernels::Fused;
  int threads = 1;
};

double peak(const Run& run) {
  static std::map<std::pair<Precision, int>, double> measured;
  double& peak = measured[{run.precision, run.threads}];
  if (peak == 0)
    peak = gemm_peak(run.precision == Precision::BFloat16 ? GemmType::BFloat16 : GemmType::Float32);
  return peak;
}

ModelSpec spec_of(const Run& run) {
  ModelSpec spec = named_architecture(run.architecture);
  spec.layers = run.shape.layers;
  spec.d_model = run.shape.d_model;
  spec.d_head = run.shape.d_head;
  spec.sequence = run.shape.sequence;
  spec.vocabulary = run.shape.vocabulary;
  return spec;
}

void train_step(benchmark::State& state, const Run& run) {
  set_intra_op_threads(run.threads);
  const ModelSpec spec = spec_of(run);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(run.shape.batch * spec.sequence));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] =
        static_cast<std::int32_t>((i * i + 7 * i) % static_cast<std::size_t>(spec.vocabulary));
  ModelOptions options;
  options.precision = run.precision;
  options.kernels = run.kernels;
  LanguageModel model(spec, 0, options);
  for ([[maybe_unused]] auto iteration : state)
    benchmark::DoNotOptimize(model.loss_and_gradients(tokens, {1e-4}));
  double flops = flops_per_token(spec).exact;
  for (const auto& [part, of_part] : by_part(spec))
    if (part == "attention") flops -= of_part / 2;
  const auto done = static_cast<double>(state.iterations()) * static_cast<double>(tokens.size());
  state.counters["tokens/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["peak"] =
      benchmark::Counter(flops * done / peak(run), benchmark::Counter::kIsRate);
}

void register_run(const std::string& name, const Run& run) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [run](benchmark::State& state) { train_step(state, run); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

void register_peers() {
  const std::pair<const char*, Shape> shapes[] = {{"0.8M", {4, 128, 32, 64, 12, 65}},
                                                  {"10.7M", {6, 384, 64, 256, 8, 65}},
                                                  {"23M", {6, 512, 64, 256, 8, 8192}}};
  for (const auto& [size, shape] : shapes)
    for (const char* architecture : {"gpt2", "transformer", "primer-ez", "llama"})
      for (const Precision precision : {Precision::Float32, Precision::BFloat16})
        for (const int threads : {1, 2})
          register_run("peers/" + std::string(size) + "/" + architecture + "/" +
                           (precision == Precision::Float32 ? "float32" : "bfloat16") + "/" +
                           std::to_string(threads),
                       {architecture, shape, precision, Kernels::Fused, threads});
}

void register_studies() {
  for (const Shape& shape :
       {Shape{2, 24, 8, 128, 8, 256}, Shape{4, 32, 16, 128, 8, 256}, Shape{4, 48, 16, 128, 8, 256},
        Shape{2, 16, 16, 128, 8, 32}, Shape{2, 64, 16, 128, 8, 32}})
    for (const CatalogueEntry& entry : architectures())
      for (const Kernels kernels : {Kernels::Fused, Kernels::Reference})
        register_run("studies/" + entry.name + "/" + std::to_string(shape.d_model) + "x" +
                         std::to_string(shape.layers) + "/V" + std::to_string(shape.vocabulary) +
                         (kernels == Kernels::Fused ? "/fused" : "/plain"),
                     {entry.name, shape, Precision::Float32, kernels, 1});
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  isoloss::register_peers();
  isoloss::register_studies();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
