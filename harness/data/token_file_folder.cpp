#include "harness/data/token_file_folder.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "harness/data/synthetic_floor.h"
#include "harness/data/text_dataset.h"
#include "harness/data/token_file.h"
#include "harness/data/token_file_dataset.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kFormat = "isoloss tokens 1";

Json json_of(const SyntheticSpec& spec) {
  return {{"symbols", spec.symbols},
          {"topics", spec.topics},
          {"stay", spec.stay},
          {"zipf", spec.zipf},
          {"mix_bigram", spec.mix_bigram},
          {"mix_trigram", spec.mix_trigram},
          {"concentration", spec.concentration},
          {"bigram_concentration", spec.bigram_concentration},
          {"tokens", spec.tokens},
          {"seed", spec.seed}};
}

SyntheticSpec synthetic_of(const Json& json) {
  SyntheticSpec spec;
  spec.symbols = json.at("symbols");
  spec.topics = json.at("topics");
  spec.stay = json.at("stay");
  spec.zipf = json.at("zipf");
  spec.mix_bigram = json.at("mix_bigram");
  spec.mix_trigram = json.at("mix_trigram");
  spec.concentration = json.at("concentration");
  spec.bigram_concentration = json.at("bigram_concentration");
  spec.tokens = json.at("tokens");
  spec.seed = json.at("seed");
  return spec;
}

Json describe(const TokenFile& file) {
  return {{"format", kFormat},
          {"vocabulary", file.vocabulary()},
          {"tokenizer", file.tokenizer()},
          {"tokenizer_hash", fmt::format("{:016x}", file.tokenizer_hash())},
          {"hash", fmt::format("{:016x}", file.checksum())},
          {"documents", file.documents().size()},
          {"training_tokens", file.tokens(Part::Training)},
          {"selection_tokens", file.tokens(Part::Selection)},
          {"report_tokens", file.tokens(Part::Report)}};
}

// Whether the folder holds the tokens of this source already; InputError where it holds others.
bool holds(const std::filesystem::path& folder, std::uint64_t source_hash) {
  const std::filesystem::path path = folder / "tokens.bin";
  if (!std::filesystem::exists(path)) return false;
  if (TokenFile(path).source_hash() == source_hash) return true;
  throw InputError(fmt::format(
      "{} holds other tokens already (another text, tokenizer or share held out); give another "
      "folder, or delete this one",
      folder.string()));
}

std::string publish_description(const std::filesystem::path& folder, const Json& json) {
  write_durably(folder / "tokens.json", json.dump(2) + "\n");
  return json.dump();
}

Json read_description(const std::filesystem::path& path) {
  try {
    Json json = Json::parse(read_file(path));
    if (json.at("format") != kFormat)
      throw InputError(fmt::format("{} has another format (not {}); prepare the tokens again",
                                   path.string(), kFormat));
    return json;
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{} does not describe prepared tokens ({}); prepare them again",
                                 path.string(), error.what()));
  }
}

}  // namespace

std::string prepare_text_folder(const TextSource& source, const std::filesystem::path& folder,
                                const PreparationProgress& progress) {
  const std::filesystem::path path = folder / "tokens.bin";
  TextPreparation preparation(source, path, progress);
  const std::filesystem::path description = folder / "tokens.json";
  if (!holds(folder, preparation.source_hash()))
    preparation.write(path);
  else if (std::filesystem::exists(description))
    return read_description(description).dump();
  Json json = describe(TokenFile(path));
  if (source.held_out_files.empty())
    json["validation"] = source.validation;
  else
    json["validation"] = "publisher";
  json["twins_left_out"] = preparation.twins_left_out();
  return publish_description(folder, json);
}

std::string prepare_synthetic_folder(const SyntheticSpec& spec, double validation,
                                     const std::filesystem::path& folder, std::int64_t sequence) {
  const std::filesystem::path path = folder / "tokens.bin";
  auto language = std::make_shared<const SyntheticLanguage>(make_language(spec));
  if (!holds(folder, synthetic_source_hash(spec, validation)))
    write_synthetic(*language, validation, path);
  TokenFile file(path);
  Json json = describe(file);
  json["validation"] = validation;
  const auto dataset =
      token_file_dataset(std::move(file), sequence, std::numeric_limits<std::int64_t>::max(),
                         "data.synthetic", std::move(language));
  json["synthetic"] = json_of(spec);
  json["floor"] = *dataset->held_out().floor;
  json["floor_sequence"] = sequence;
  return publish_description(folder, json);
}

std::shared_ptr<const Dataset> open_token_folder(const std::filesystem::path& folder,
                                                 std::int64_t sequence,
                                                 std::int64_t evaluation_tokens) {
  if (!std::filesystem::is_directory(folder))
    throw InputError(fmt::format(
        "data.tokens: {} is no folder (it holds no prepared tokens); write one with `isoloss data "
        "prepare` or `isoloss data synth`",
        folder.string()));
  const Json json = read_description(folder / "tokens.json");
  TokenFile file(folder / "tokens.bin");
  const std::string hash = fmt::format("{:016x}", file.checksum());
  if (json.value("hash", "") != hash ||
      json.value("vocabulary", std::int64_t{0}) != file.vocabulary())
    throw InputError(
        fmt::format("{}: tokens.json and tokens.bin do not belong together (vocabulary {} and hash "
                    "{} against {} "
                    "and {}); prepare them again in an empty folder",
                    folder.string(), json.value("vocabulary", std::int64_t{0}),
                    json.value("hash", ""), file.vocabulary(), hash));
  if (!json.contains("synthetic"))
    return token_file_dataset(std::move(file), sequence, evaluation_tokens, folder.string());
  return token_file_dataset(
      std::move(file), sequence, evaluation_tokens, folder.string(),
      std::make_shared<const SyntheticLanguage>(make_language(synthetic_of(json["synthetic"]))));
}

}  // namespace isoloss
