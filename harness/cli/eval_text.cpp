#include "harness/cli/eval_text.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <cstring>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "analysis/points/points.h"
#include "harness/cli/eval_ranks.h"
#include "harness/cli/eval_request.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/print_json.h"
#include "harness/models/hf_folder.h"
#include "harness/models/named_model.h"
#include "harness/study/study_outcome.h"
#include "harness/training/text_loss.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;
using json = nlohmann::ordered_json;

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

double bits_per_byte(const TextLoss& of, std::size_t bytes) {
  return of.loss * static_cast<double>(of.tokens) / std::numbers::ln2 / static_cast<double>(bytes);
}

// "3.1415 nats per token (standard error 0.0123), 1.2345 bits per byte"
std::string loss_text(const TextLoss& loss, const std::optional<std::size_t>& bytes) {
  std::string text =
      fmt::format("{:.4f} nats per token (standard error {:.4f})", loss.loss, loss.standard_error);
  if (bytes) text += fmt::format(", {:.4f} bits per byte", bits_per_byte(loss, *bytes));
  return text;
}

void refuse_task_options(const CommandLine& line) {
  refuse_options(
      line, {"shots", "seed", "profile", "limit", "task", "out"},
      "without --data or --tasks (it is of tasks and their scores, and a text's loss has "
      "none); leave it out");
  if (starts_ranks(line))
    throw InputError("--ranks is given without tasks (their items are divided); leave it out");
}

// A run whose loss on the text is wanted, and the place of its end among the study's points.
struct RunToScore {
  EvalCandidate candidate;
  Point* point;
};

// In the order of the points; arms that lost a search are no results.
std::vector<RunToScore> results_of(const StudyFolder& folder, PointTable& table) {
  const std::vector<EvalCandidate> candidates = finished_runs(folder);
  std::vector<RunToScore> runs;
  for (Point& point : table.points)
    for (const EvalCandidate& candidate : candidates)
      if (fs::path(candidate.name).filename() == point.run && candidate.flops == point.flops)
        runs.push_back({candidate, &point});
  return runs;
}

TextLoss loss_of_run(const EvalCandidate& candidate, const std::string& text) {
  const NamedModel named = load_named_model(candidate.name, tell);
  if (named.step != candidate.step)
    throw InputError(fmt::format(
        "{}: its newest whole checkpoint is of step {} (the trial ends at {}); run the study "
        "again to mend it",
        candidate.name, named.step, candidate.step));
  return text_loss(named.model, named.tokenizer->encode(text), named.model.spec().sequence,
                   named.first.id);
}

json row_of(const RunToScore& run, const TextLoss& loss) {
  return {{"trial", run.candidate.trial},
          {"architecture", run.point->architecture},
          {"size", run.point->size},
          {"seed", run.point->seed},
          {"flops", run.point->flops},
          {"tokens", loss.tokens},
          {"loss", loss.loss},
          {"standard_error", loss.standard_error},
          {"bits_per_byte", run.point->bits_per_byte}};
}

}  // namespace

void add_text_options(CommandLine& line) {
  line.add()("text", po::value<std::string>(),
             "text to score, in the tokens of the study or of the model's folder")(
      "tokens", po::value<std::string>(), "or its ids, int32, for --model")(
      "length", po::value<std::int64_t>(),
      "tokens of a row, for --model; the model's sequence without it")(
      "csv", "losses of a study on --text as the CSV that fit, savings and report read");
}

bool asks_for_text(const CommandLine& line) { return line.has("text") || line.has("tokens"); }

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

int loss_of_model(const CommandLine& line) {
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
  json object = {{"model", name},           {"text", path},
                 {"tokens", result.tokens}, {"length", length},
                 {"loss", result.loss},     {"standard_error", result.standard_error},
                 {"bits_per_byte", nullptr}};
  if (tokens.bytes) object["bits_per_byte"] = bits_per_byte(result, *tokens.bytes);
  print_json(object);
  return kExitDone;
}

int losses_of_study(const CommandLine& line) {
  refuse_task_options(line);
  const auto path = line.get<std::string>("text");
  const std::string text = read_file(path);
  if (text.empty()) throw InputError(path + " is empty (there is nothing to score); give a text");
  const StudyFolder folder{line.get<std::string>("DIR")};
  PointTable table = read_points_folder(folder.root, "exact", false);
  PointTable scored;
  scored.tokenizer_hash = table.tokenizer_hash;
  scored.held_out_hash = fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
  scored.other_columns = {"evaluation"};
  json rows = json::array();
  bool failed = false;
  for (const RunToScore& run : results_of(folder, table)) {
    try {
      const TextLoss loss = loss_of_run(run.candidate, text);
      run.point->loss = loss.loss;
      run.point->bits_per_byte = bits_per_byte(loss, text.size());
      run.point->other = {fs::path(path).filename().string()};
      scored.points.push_back(*run.point);
      rows.push_back(row_of(run, loss));
      if (!line.has("json") && !line.has("csv"))
        fmt::print("{} {} seed {} at {:.3g} FLOPs: {}\n", run.point->architecture, run.point->size,
                   run.point->seed, run.point->flops, loss_text(loss, text.size()));
    } catch (const InputError& error) {
      failed = true;
      tell(error.what());
    }
  }
  if (line.has("csv")) write_points_csv(std::cout, scored);
  if (line.has("json")) print_json(json{{"text", path}, {"losses", rows}});
  return failed ? kExitFailed : kExitDone;
}

}  // namespace isoloss
