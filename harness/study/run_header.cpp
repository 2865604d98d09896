#include "harness/study/run_header.h"

#include "model/cost/flops.h"
#include "model/spec/parameters.h"
#include "results/code_version.h"

namespace isoloss {

RunHeader run_header(const std::string& study, const PlannedRun& run, const Dataset& dataset,
                     const RankLayout& layout, const TrainedOn& on) {
  const RunSpec& spec = run.spec;
  const ParameterCounts counts = count_parameters(spec.model);
  RunHeader header;
  header.id = run.id;
  header.study = study;
  header.spec_json = canonical_json(spec);
  header.code_version = code_version();
  header.machine = on.machine;
  header.ranks = layout.ranks();
  header.threads = spec.threads;
  header.architecture = spec.model.architecture;
  header.size = spec.model.size;
  header.seed = spec.seed;
  header.learning_rate = spec.optimizer.learning_rate;
  header.layers = spec.model.layers;
  header.d_model = spec.model.d_model;
  header.parameters_total = counts.total;
  header.parameters_embedding = counts.embedding;
  header.flops_per_token = by_convention(flops_per_token(spec.model));
  header.batch_tokens = spec.optimizer.batch_tokens;
  header.sequence = spec.model.sequence;
  header.tokenizer = dataset.tokenizer_name();
  header.tokenizer_hash = dataset.tokenizer_hash();
  header.held_out_hash = dataset.held_out().hash;
  header.bytes_per_token = dataset.held_out().bytes_per_token;
  header.training_tokens = static_cast<double>(dataset.training_tokens());
  header.floor = dataset.held_out().floor;
  header.predicted_memory_bytes = memory_per_rank(spec, layout);
  if (on.rate) header.predicted_step_seconds = step_seconds(spec, layout, *on.rate);
  return header;
}

}  // namespace isoloss
