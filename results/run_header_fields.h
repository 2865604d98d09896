// The one list of RunHeader's fields by name: the attributes of the HDF5 file and the keys of the
// journal's header are both written and read through it.
#pragma once
#include "results/run_record.h"

namespace isoloss {

// Calls visit(name, field) for every field; `Header` is RunHeader or const RunHeader.
template <class Header, class Visitor>
void visit_fields(Header& header, Visitor&& visit) {
  visit("id", header.id);
  visit("study", header.study);
  visit("spec_json", header.spec_json);
  visit("code_version", header.code_version);
  visit("machine", header.machine);
  visit("ranks", header.ranks);
  visit("threads", header.threads);
  visit("architecture", header.architecture);
  visit("size", header.size);
  visit("seed", header.seed);
  visit("learning_rate", header.learning_rate);
  visit("layers", header.layers);
  visit("d_model", header.d_model);
  visit("parameters_total", header.parameters_total);
  visit("parameters_embedding", header.parameters_embedding);
  visit("flops_per_token", header.flops_per_token);
  visit("batch_tokens", header.batch_tokens);
  visit("sequence", header.sequence);
  visit("tokenizer", header.tokenizer);
  visit("tokenizer_hash", header.tokenizer_hash);
  visit("held_out_hash", header.held_out_hash);
  visit("bytes_per_token", header.bytes_per_token);
  visit("training_tokens", header.training_tokens);
  visit("floor", header.floor);
  visit("predicted_step_seconds", header.predicted_step_seconds);
  visit("predicted_memory_bytes", header.predicted_memory_bytes);
  visit("peak_memory_bytes", header.peak_memory_bytes);
}

}  // namespace isoloss
