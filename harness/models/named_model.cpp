#include "harness/models/named_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "harness/models/hf_folder.h"
#include "harness/models/model_fields.h"
#include "harness/models/trained_run.h"
#include "model/spec/error.h"
#include "model/spec/spec_fields.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

constexpr std::string_view kFolder = "hf:";

std::string weights_hash(LanguageModel& model, FirstId first) {
  const auto bytes = [](auto values) {
    const auto all = std::as_bytes(values);
    return std::string_view(reinterpret_cast<const char*>(all.data()), all.size());
  };
  std::string text =
      fmt::format("{:016x} {} {}",
                  model.precision() == Precision::Float64 ? checksum(bytes(model.weights64()))
                                                          : checksum(bytes(model.weights32())),
                  first.id, first.always);
  for (const auto& [name, value] : spec_as_text(function_of(model.spec())))
    text += "\n" + name + " " + value;
  return fmt::format("{:016x}", checksum(text));
}

NamedModel of_folder(const std::string& name, const ModelOptions& options) {
  const HfFolder folder(name.substr(kFolder.size()));
  auto tokenizer = folder.tokenizer();
  if (!tokenizer)
    throw InputError(fmt::format(
        "{} has no tokenizer that isoloss reads (bytes, a SentencePiece tokenizer.model, "
        "GPT-2's vocab.json and merges.txt, or its tokenizer.json); put its own beside config.json",
        name));
  LanguageModel model = folder.model(options);
  std::string weights = weights_hash(model, folder.first());
  return {std::move(model),
          std::move(tokenizer),
          folder.first(),
          folder.tokenizer_identity().value(),
          "",
          0,
          std::move(weights)};
}

NamedModel of_run(const std::string& name, const std::function<void(const std::string&)>& warn,
                  const ModelOptions& options) {
  const TrainedModel trained = load_trained_run(name, warn);
  const bool there = trained.tokenizer == "bytes" || !trained.tokenizer_model.empty();
  auto tokenizer = there ? stored_tokenizer(trained.tokenizer, trained.tokenizer_model) : nullptr;
  if (!tokenizer)
    throw InputError(
        fmt::format("{} was trained on {} (no tokenizer turns text into them); take a run that "
                    "was trained on text",
                    name, trained.tokenizer));
  LanguageModel model(trained.spec, 0, options);
  if (model.precision() == Precision::Float64)
    std::ranges::copy(trained.weights, model.weights64().begin());
  else
    std::ranges::copy(trained.weights, model.weights32().begin());
  constexpr FirstId kFirst{0, true};
  std::string weights = weights_hash(model, kFirst);
  return {std::move(model),
          std::move(tokenizer),
          kFirst,
          {trained.tokenizer, tokenizer_hash(trained.tokenizer_model)},
          trained.run,
          trained.step,
          std::move(weights)};
}

}  // namespace

NamedModel load_named_model(const std::string& name,
                            const std::function<void(const std::string&)>& warn,
                            const ModelOptions& options) {
  return name.starts_with(kFolder) ? of_folder(name, options) : of_run(name, warn, options);
}

}  // namespace isoloss
