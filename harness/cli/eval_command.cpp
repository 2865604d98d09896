// `isoloss eval`: one-shot scores, or the loss of a model from elsewhere on a text.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/eval_request.h"
#include "harness/cli/eval_study_tasks.h"
#include "harness/cli/eval_tasks.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/print_json.h"
#include "harness/cli/recompute_scores.h"
#include "harness/models/hf_folder.h"
#include "harness/training/text_loss.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

HfFolder folder_named(const std::string& name) {
  constexpr std::string_view kForm = "hf:";
  if (!name.starts_with(kForm))
    throw InputError("--model is '" + name +
                     "' (a text is scored by a folder with config.json and safetensors alone); "
                     "give hf:FOLDER, which isoloss export RUN --to hf makes of a run");
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

// The loss of --model on --text or --tokens.
void loss_on_text(const CommandLine& line) {
  if (line.has("text") == line.has("tokens"))
    throw InputError("--text or --tokens is wanted (one of them); give --text FILE");
  refuse_options(
      line, {"shots", "seed", "profile", "limit", "task", "out"},
      "without --data or --tasks (it is of tasks and their scores, and a text's loss has "
      "none); leave it out");
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
  nlohmann::ordered_json json = {
      {"model", name},           {"text", path},        {"tokens", result.tokens},
      {"length", length},        {"loss", result.loss}, {"standard_error", result.standard_error},
      {"bits_per_byte", nullptr}};
  if (tokens.bytes)
    json["bits_per_byte"] = result.loss * static_cast<double>(result.tokens) / std::numbers::ln2 /
                            static_cast<double>(*tokens.bytes);
  if (line.has("json")) {
    print_json(json);
    return;
  }
  fmt::print("{}: {} tokens, {:.4f} nats per token (standard error {:.4f})", path, result.tokens,
             result.loss, result.standard_error);
  if (tokens.bytes) fmt::print(", {:.4f} bits per byte", json["bits_per_byte"].get<double>());
  fmt::print("\n");
}

// What the loss of --model on a text takes, and scores of tasks do not.
void check_text_options(const CommandLine& line) {
  if (line.has("model") && !asks_for_tasks(line)) return;
  refuse_options(
      line, {"text", "tokens", "length"},
      "without --model or beside tasks (a text's loss is of one model); leave it out, or "
      "give --model hf:FOLDER alone (isoloss export makes one of a run)");
}

}  // namespace

int eval_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss eval DIR | --model MODEL --data FILE | --tasks FOLDER, or --model hf:FOLDER --text "
      "FILE, or DIR --recompute",
      "Scores every finished run of a study, or one model, on one-shot tasks; or gives the loss of "
      "a GPT-2, a Llama or an exported model on a text. A study's scores are kept in DIR/scores "
      "and not made again; DIR alone takes the tasks that it makes of its own data.",
      "isoloss eval --model hf:model --text corpus/stoker-dracula.txt");
  line.add()("model", po::value<std::string>(),
             "hf:FOLDER: config.json and safetensors, as transformers writes them; or a run")(
      "text", po::value<std::string>(), "text to score, in the folder's own tokens")(
      "tokens", po::value<std::string>(), "or its ids, int32")(
      "length", po::value<std::int64_t>(), "tokens of a row; the model's sequence without it")(
      "threads", po::value<int>()->default_value(1), "of this process")(
      "recompute",
      "metrics of the scores that DIR holds once more, from their stored rows alone (own cards: "
      "--tasks FOLDER)")("json", "one JSON object on standard output");
  add_task_options(line);
  line.positional("DIR", CommandLine::Arity::Optional);
  if (!line.parse(arguments)) return 0;
  check_text_options(line);
  if (line.has("recompute")) return recompute_scores(line);
  set_intra_op_threads(threads_option(line));
  if (line.has("DIR") && line.has("model"))
    throw InputError("a study's folder and --model are both given (whose scores?); give one");
  if (asks_for_tasks(line)) {
    if (!line.has("DIR") && !line.has("model"))
      throw InputError(
          "nobody to score is named (a study's folder, or a model); give DIR or "
          "--model");
    return eval_tasks(line, arguments);
  }
  if (line.has("DIR")) return eval_study_tasks(line, arguments);
  if (starts_ranks(line))
    throw InputError("--ranks is given without tasks (their items are divided); leave it out");
  if (!line.has("model")) throw InputError("--model is missing (what to score); give hf:FOLDER");
  loss_on_text(line);
  return 0;
}

}  // namespace isoloss
