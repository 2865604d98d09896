#include "harness/cli/eval_text.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/cli/eval_request.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/loss_listing.h"
#include "harness/cli/print_json.h"
#include "harness/models/hf_folder.h"
#include "harness/study/study_outcome.h"
#include "harness/training/text_loss.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

HfFolder folder_named(const std::string& name) {
  constexpr std::string_view kForm = "hf:";
  if (!name.starts_with(kForm))
    throw InputError(
        "--model is '" + name +
        "' (a text is scored by a folder with config.json and safetensors alone); "
        "give hf:FOLDER, which isoloss export RUN --to hf makes of a run, or a study's folder "
        "without --model for all of its runs");
  return HfFolder(name.substr(kForm.size()));
}

struct TokensToScore {
  std::vector<std::int32_t> ids;
  std::optional<std::size_t> bytes;  // of the text, where there is one
};

TokensToScore tokens_of_text(const HfFolder& model, const std::string& path) {
  const auto tokenizer = model.tokenizer();
  if (!tokenizer)
    throw InputError(
        "the model's folder has no tokenizer that isoloss reads (bytes, or a SentencePiece "
        "tokenizer.model); give ids with --tokens FILE");
  const std::string text = read_file(path);
  return {tokenizer->encode(text), text.size()};
}

TokensToScore tokens_of_ids(const std::string& path) {
  const std::string bytes = read_file(path);
  if (bytes.empty() || bytes.size() % sizeof(std::int32_t) != 0)
    throw InputError(
        fmt::format("{} has {} bytes (not whole int32 ids); write ids as four bytes, "
                    "little-endian",
                    path, bytes.size()));
  TokensToScore tokens;
  tokens.ids.resize(bytes.size() / sizeof(std::int32_t));
  std::memcpy(tokens.ids.data(), bytes.data(), bytes.size());
  return tokens;
}

}  // namespace

void refuse_task_options(const CommandLine& line) {
  refuse_options(
      line, {"shots", "seed", "profile", "limit", "task", "out"},
      "without --data or --tasks (it is of tasks and their scores, and a text's loss has "
      "none); leave it out");
  if (starts_ranks(line))
    throw InputError("--ranks is given without tasks (their items are divided); leave it out");
}

void add_text_options(CommandLine& line) {
  line.add()("text", boost::program_options::value<std::string>(),
             "text to score, in the tokens of the study or of the model's folder")(
      "tokens", boost::program_options::value<std::string>(), "or its ids, int32, for --model")(
      "length", boost::program_options::value<std::int64_t>(),
      "tokens of a row, for --model; the model's sequence without it")(
      "csv", "losses of a study on --text as the CSV that fit, savings and report read");
}

void check_text_options(const CommandLine& line) {
  if (asks_for_tasks(line))
    refuse_options(line, {"text", "tokens", "length"},
                   "beside tasks (either is scored, not both); leave it out");
  const bool one_model = line.has("model") && !line.has("DIR");
  if (!one_model)
    refuse_options(line, {"tokens", "length"},
                   "without --model (of a study each model has its own rows of its own tokens); "
                   "leave it out, or give --model hf:FOLDER");
  if (!line.has("text") || !line.has("DIR") || line.has("json"))
    refuse_options(line, {"csv"},
                   "without a study and --text, or beside --json (it is how losses of a study are "
                   "printed); leave it out");
}

int eval_text(const CommandLine& line) {
  refuse_task_options(line);
  if (line.has("text") == line.has("tokens"))
    throw InputError("--text or --tokens is wanted (one of them); give --text FILE");
  const auto name = line.get<std::string>("model");
  const HfFolder folder = folder_named(name);
  const std::string path = line.get<std::string>(line.has("text") ? "text" : "tokens");
  const TokensToScore tokens =
      line.has("text") ? tokens_of_text(folder, path) : tokens_of_ids(path);
  const std::int64_t length =
      line.has("length") ? line.get<std::int64_t>("length") : folder.spec().sequence;
  if (length < 1 || length > folder.spec().sequence)
    throw InputError(
        fmt::format("--length is {} (the model reads 1 to {} tokens); give one of them", length,
                    folder.spec().sequence));

  const TextLoss result = text_loss(folder.model(), tokens.ids, length, folder.first_id());
  if (!line.has("json")) {
    fmt::print("{}: {} tokens, {}\n", path, result.tokens, loss_text(result, tokens.bytes));
    return kExitDone;
  }
  nlohmann::ordered_json object = {
      {"model", name},           {"text", path},
      {"tokens", result.tokens}, {"length", length},
      {"loss", result.loss},     {"standard_error", standard_error_json(result)},
      {"bits_per_byte", nullptr}};
  if (tokens.bytes) object["bits_per_byte"] = bits_per_byte(result, *tokens.bytes);
  print_json(object);
  return kExitDone;
}

}  // namespace isoloss
