// A model as a folder that the transformers library loads, and back: config.json, weights in
// safetensors, our modelling files where no class of theirs is this model, the tokenizer's model
// and a README that says how to read it. docs/format.md, "Weights for other tools".
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "harness/data/tokenizer.h"
#include "harness/files/first_id.h"
#include "harness/models/hf_config.h"
#include "model/layers/language_model.h"

namespace isoloss {

// Weights with what they are and where they come from.
struct TrainedModel {
  ModelSpec spec;
  std::vector<float> weights;  // the flat buffer of parameter_table(spec)
  std::string run;             // id
  std::int64_t step = 0;
  std::string tokenizer;        // bytes, unigram:4096, model:HASH, symbols:32
  std::string tokenizer_model;  // a SentencePiece model's bytes; empty where there is none
};

// FILE.safetensors with the parameter table's names; metadata: spec (the model's fields), run,
// step, tokenizer, format.
void export_safetensors(const std::filesystem::path& file, const TrainedModel& model);
// The folder's files, config.json last: a folder that has one is whole.
void export_hf(const std::filesystem::path& folder, const TrainedModel& model);

class HfFolder {
 public:
  // Reads config.json. InputError: no such folder, a model that isoloss lacks (hf_config.h).
  explicit HfFolder(const std::filesystem::path& folder);

  const ModelSpec& spec() const { return config_.spec; }
  std::int32_t first_id() const { return config_.first_id; }
  // Models that isoloss exported read it before every text, as they were trained; others where
  // their tokenizer's files say so (hf_first_id.h): a Llama also where they do not say, a GPT-2
  // then only where there is nothing else.
  FirstId first() const;
  HfClass kind() const { return config_.kind; }
  // The tokenizer that the export names, else of tokenizer.model, else GPT-2's of vocab.json and
  // merges.txt or of tokenizer.json; null where there is none.
  std::unique_ptr<Tokenizer> tokenizer() const;
  // Of the files that tokenizer() reads; absent where it is null.
  std::optional<TokenizerIdentity> tokenizer_identity() const;
  // The model with the folder's weights. InputError naming the tensor that is missing or does not
  // fit.
  LanguageModel model(const ModelOptions& options = {}) const;

 private:
  std::filesystem::path folder_;
  HfConfig config_;
  bool ours_ = false;      // exported by isoloss
  std::string tokenizer_;  // as in TrainedModel; empty where the config does not say
};

}  // namespace isoloss
