#include "harness/models/hf_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "harness/data/byte_pair_tokenizer.h"
#include "harness/files/safetensors.h"
#include "harness/models/hf_first_id.h"
#include "harness/models/hf_tensors.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

void read_weights(const TensorFiles& files, HfClass kind, const ParameterTable& table,
                  const auto& set) {
  for (const HfTensor& tensor : hf_tensors(kind, table)) {
    std::string name = tensor.name;
    // GPT2Model's own files, the first public ones among them, lack the prefix.
    constexpr std::string_view kPrefix = "transformer.";
    if (kind == HfClass::Gpt2 && name.starts_with(kPrefix) && !files.has(name) &&
        files.has(name.substr(kPrefix.size())))
      name = name.substr(kPrefix.size());
    const std::vector<float> values = files.read(name, hf_shape(tensor, table));
    visit_elements(tensor, table,
                   [&](std::size_t theirs, std::size_t ours) { set(ours, values[theirs]); });
  }
}

constexpr const char* kModelFile = "tokenizer.model";
constexpr const char* kJsonFile = "tokenizer.json";

// Those that are there.
struct TokenizerFiles {
  std::optional<std::string> model, vocabulary, merges, json;
};

TokenizerFiles tokenizer_files(const std::filesystem::path& folder) {
  const auto file = [&](const char* name) -> std::optional<std::string> {
    if (!std::filesystem::exists(folder / name)) return std::nullopt;
    return read_file(folder / name);
  };
  return {file(kModelFile), file("vocab.json"), file("merges.txt"), file(kJsonFile)};
}

}  // namespace

HfFolder::HfFolder(const std::filesystem::path& folder) : folder_(folder) {
  const auto path = folder / "config.json";
  if (!std::filesystem::is_directory(folder))
    throw InputError(folder.string() +
                     " is no folder (a model is a folder with config.json and its weights); check "
                     "the path");
  const Json json = Json::parse(read_file(path), nullptr, false);
  config_ = read_hf_config(json, path.string());
  ours_ = json.contains("isoloss") && json["isoloss"].is_object();
  if (ours_) tokenizer_ = json["isoloss"].value("tokenizer", "");
}

std::unique_ptr<Tokenizer> HfFolder::tokenizer() const {
  if (tokenizer_ == "bytes") return byte_tokenizer();
  const TokenizerFiles files = tokenizer_files(folder_);
  if (files.model) {
    if (tokenizer_.starts_with("unigram:")) return unigram_tokenizer(*files.model);
    return foreign_tokenizer(*files.model, (folder_ / kModelFile).string());
  }
  if (files.vocabulary && files.merges)
    return byte_pair_tokenizer(*files.vocabulary, *files.merges, folder_.string());
  if (files.json) return byte_pair_tokenizer_json(*files.json, (folder_ / kJsonFile).string());
  return nullptr;
}

std::optional<TokenizerIdentity> HfFolder::tokenizer_identity() const {
  if (tokenizer_ == "bytes") return TokenizerIdentity{"bytes", tokenizer_hash("")};
  const TokenizerFiles files = tokenizer_files(folder_);
  const auto named = [](const char* kind, const std::string& bytes) {
    const std::uint64_t hash = tokenizer_hash(bytes);
    return TokenizerIdentity{fmt::format("{}:{:016x}", kind, hash), hash};
  };
  if (files.model) {
    TokenizerIdentity identity = named("model", *files.model);
    if (!tokenizer_.empty()) identity.name = tokenizer_;
    return identity;
  }
  if (files.vocabulary && files.merges)
    return named("byte_pair", *files.vocabulary + *files.merges);
  if (files.json) return named("byte_pair", *files.json);
  return std::nullopt;
}

FirstId HfFolder::first() const {
  if (ours_ || config_.kind == HfClass::Isoloss) return {config_.first_id, true};
  return hf_first_id(folder_, config_.first_id, config_.kind != HfClass::Gpt2);
}

LanguageModel HfFolder::model(const ModelOptions& options) const {
  const TensorFiles files(folder_);
  LanguageModel model(config_.spec, 0, options);
  if (model.precision() == Precision::Float64) {
    const std::span<double> weights = model.weights64();
    read_weights(files, config_.kind, model.table(),
                 [&](std::size_t i, float value) { weights[i] = static_cast<double>(value); });
  } else {
    const std::span<float> weights = model.weights32();
    read_weights(files, config_.kind, model.table(),
                 [&](std::size_t i, float value) { weights[i] = value; });
  }
  return model;
}

}  // namespace isoloss
