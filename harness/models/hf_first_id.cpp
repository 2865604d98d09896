#include "harness/models/hf_first_id.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/models/hf_keys.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json json_of(const fs::path& file) {
  Json json = Json::parse(read_file(file), nullptr, false);
  if (!json.is_object())
    throw InputError(file.string() + ": no JSON object (the tokenizer's own is one); get it again");
  return json;
}

// The special token that a processor writes before the text; absent where it writes none.
std::optional<std::int32_t> id_before(const Json& processor, std::int32_t otherwise) {
  const std::string type = processor.value("type", "");
  if (type == "Sequence") {
    for (const Json& part : processor.at("processors"))
      if (const auto id = id_before(part, otherwise)) return id;
    return std::nullopt;
  }
  if (type != "TemplateProcessing") return std::nullopt;
  const Json& single = processor.at("single");
  if (single.empty() || !single.at(0).contains("SpecialToken")) return std::nullopt;
  const auto name = single.at(0).at("SpecialToken").at("id").get<std::string>();
  const Json& ids = processor.at("special_tokens").at(name).at("ids");
  return ids.empty() ? otherwise : ids.at(0).get<std::int32_t>();
}

}  // namespace

FirstId hf_first_id(const fs::path& folder, std::int32_t id, bool adds) {
  if (const fs::path file = folder / "tokenizer.json"; fs::exists(file)) {
    const Json json = json_of(file);
    if (!json.contains("post_processor") || json["post_processor"].is_null()) return {id, false};
    try {
      const auto before = id_before(json["post_processor"], id);
      return {before.value_or(id), before.has_value()};
    } catch (const Json::exception& error) {
      throw InputError(file.string() + ": post_processor is not understood (" + error.what() +
                       "); take the model's own tokenizer.json");
    }
  }
  if (const fs::path file = folder / "tokenizer_config.json"; fs::exists(file))
    adds = HfKeys(json_of(file), file.string()).value<bool>("add_bos_token", adds);
  return {id, adds};
}

}  // namespace isoloss
