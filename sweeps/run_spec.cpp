#include "sweeps/run_spec.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/cost/flops.h"
#include "model/spec/number_text.h"
#include "model/spec/spec_fields.h"
#include "sweeps/optimizer_fields.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

// Numbers as numbers; names stay text whatever they look like.
Json typed(const std::string& name, const std::string& text) {
  if (name == "architecture" || name == "size") return text;
  if (text == "true" || text == "false") return text == "true";
  if (text.find_first_of(".en") == std::string::npos)
    if (const auto whole = parse_whole(text)) return *whole;
  if (const auto number = parse_number(text)) return *number;
  return text;
}

Json model_json(const ModelSpec& model) {
  Json json;
  for (const auto& [name, text] : spec_as_text(resolved(model))) json[name] = typed(name, text);
  return json;
}

Json optimizer_json(const OptimizerSpec& optimizer) {
  Json json;
  for (const OptimizerField& field : optimizer_fields())
    if (field.named(optimizer)) json[field.name] = typed(field.name, field.get(optimizer));
  if (has_horizon(optimizer)) json["horizon"] = optimizer.horizon;
  return json;
}

const char* name_of(DataKind kind) {
  switch (kind) {
    case DataKind::Text:
      return "text";
    case DataKind::Tokens:
      return "tokens";
    case DataKind::Synthetic:
      return "synthetic";
  }
  return "";
}

const char* name_of(TokenizerKind kind) {
  switch (kind) {
    case TokenizerKind::Bytes:
      return "bytes";
    case TokenizerKind::Unigram:
      return "unigram";
    case TokenizerKind::Model:
      return "model";
  }
  return "";
}

Json data_json(const DataSpec& data) {
  const SyntheticSpec& s = data.synthetic;
  return {{"kind", name_of(data.kind)},
          {"tokenizer",
           {{"kind", name_of(data.tokenizer.kind)}, {"vocabulary", data.tokenizer.vocabulary}}},
          {"validation", data.validation},
          {"synthetic",
           {{"symbols", s.symbols},
            {"topics", s.topics},
            {"stay", s.stay},
            {"zipf", s.zipf},
            {"mix_bigram", s.mix_bigram},
            {"mix_trigram", s.mix_trigram},
            {"concentration", s.concentration},
            {"bigram_concentration", s.bigram_concentration},
            {"tokens", s.tokens},
            {"seed", s.seed}}},
          {"content_hash", data.content_hash}};
}

}  // namespace

bool has_horizon(const OptimizerSpec& optimizer) {
  return optimizer.schedule == ScheduleKind::Cosine || optimizer.schedule == ScheduleKind::Wsd;
}

WarmupKind warmup_kind(const OptimizerSpec& optimizer) {
  return optimizer.warmup.value_or(has_horizon(optimizer) ? WarmupKind::Linear
                                                          : WarmupKind::Constant);
}

double final_ratio(const OptimizerSpec& optimizer) {
  return optimizer.final_ratio.value_or(optimizer.schedule == ScheduleKind::Cosine ? 0.1 : 0.0);
}

std::int64_t cooldown_steps(const OptimizerSpec& optimizer) {
  const double steps = optimizer.decay_share * static_cast<double>(optimizer.horizon);
  return std::max<std::int64_t>(1, std::llround(steps));
}

std::int64_t branch_step(const OptimizerSpec& optimizer) {
  return optimizer.horizon - cooldown_steps(optimizer);
}

OptimizerSpec trunk_of(OptimizerSpec optimizer) {
  const OptimizerSpec plain;
  optimizer.warmup = warmup_kind(optimizer);
  optimizer.schedule = ScheduleKind::Constant;
  optimizer.final_ratio = plain.final_ratio;
  optimizer.decay_share = plain.decay_share;
  optimizer.cooldown = plain.cooldown;
  optimizer.horizon = plain.horizon;
  return optimizer;
}

bool has_cards(const EvaluationSpec& evaluation) {
  return !evaluation.card_folders.empty() || !evaluation.task_data.empty();
}

bool scores_anything(const EvaluationSpec& evaluation) {
  return !evaluation.tasks.empty() || has_cards(evaluation);
}

std::string canonical_json(const RunSpec& spec) {
  Json json;
  json["model"] = model_json(spec.model);
  json["optimizer"] = optimizer_json(spec.optimizer);
  json["data"] = data_json(spec.data);
  json["evaluation"] = {{"tokens", spec.evaluation.tokens}, {"tasks", spec.evaluation.tasks}};
  json["seed"] = spec.seed;
  json["dtype"] = spec.dtype;
  json["threads"] = spec.threads;
  if (spec.accumulate != 1) json["accumulate"] = spec.accumulate;
  return json.dump();
}

std::string run_id(const RunSpec& spec) {
  const std::string text = canonical_json(spec);
  return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

double flops_per_step(const RunSpec& spec) {
  return flops_per_token(spec.model).exact * static_cast<double>(spec.optimizer.batch_tokens);
}

}  // namespace isoloss
