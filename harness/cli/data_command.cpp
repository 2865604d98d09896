// `isoloss data prepare` and `isoloss data synth`: folders of tokens that a study names with
// `data: {tokens: DIR}`.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/token_file_folder.h"
#include "harness/tokenizer.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/durable_file.h"
#include "sweeps/study_data.h"

namespace isoloss {
namespace {

namespace po = boost::program_options;

// bytes, unigram:N or a SentencePiece .model file; a model's vocabulary is read from the model.
TokenizerSpec tokenizer_named(const std::string& text) {
  TokenizerSpec tokenizer;
  if (text == "bytes") return tokenizer;
  constexpr std::string_view kUnigram = "unigram:";
  if (text.starts_with(kUnigram)) {
    tokenizer.kind = TokenizerKind::Unigram;
    const char* end = text.data() + text.size();
    const auto [stop, code] =
        std::from_chars(text.data() + kUnigram.size(), end, tokenizer.vocabulary);
    if (code != std::errc() || stop != end || tokenizer.vocabulary < 1)
      throw InputError("--tokenizer is '" + text +
                       "' (no number of pieces after the colon); try unigram:4096");
    return tokenizer;
  }
  if (text.ends_with(".model")) {
    tokenizer.kind = TokenizerKind::Model;
    tokenizer.model_file = text;
    tokenizer.vocabulary = foreign_tokenizer(read_file(text), text)->vocabulary();
    return tokenizer;
  }
  throw InputError("--tokenizer is '" + text +
                   "' (none of the kinds known); give bytes, unigram:N or FILE.model");
}

int prepare(Arguments arguments) {
  CommandLine line("isoloss data prepare TEXT... --out DIR [options]",
                   "Turns text files (patterns are allowed) into a folder of tokens.",
                   "isoloss data prepare 'corpus/*.txt' --tokenizer unigram:4096 --out tokens");
  line.add()("out", po::value<std::string>(), "folder to write")(
      "tokenizer", po::value<std::string>()->default_value("bytes"),
      "bytes, unigram:N (trained from this text) or a SentencePiece FILE.model")(
      "validation", po::value<double>()->default_value(0.05), "share held out, whole files");
  line.positional("TEXT", CommandLine::Arity::Many);
  if (!line.parse(arguments)) return 0;
  if (!line.has("out")) throw InputError("--out is missing (the folder to write); name one");
  DataSpec data;
  data.kind = DataKind::Text;
  for (const std::string& pattern : line.get<std::vector<std::string>>("TEXT")) {
    const std::vector<std::string> found = matching_files(pattern, ".");
    if (found.empty())
      throw InputError(pattern + ": no such text (no file matches); check the path");
    data.files.insert(data.files.end(), found.begin(), found.end());
  }
  data.tokenizer = tokenizer_named(line.get<std::string>("tokenizer"));
  data.validation = line.get<double>("validation");
  if (!(data.validation > 0 && data.validation < 0.5))
    throw InputError("--validation is " + fmt::format("{}", data.validation) +
                     " (a share of the text); give more than 0 and less than 0.5");
  std::vector<std::string> content = data.files;
  if (!data.tokenizer.model_file.empty()) content.push_back(data.tokenizer.model_file);
  data.content_hash = hash_of_files(content);
  fmt::print("{}", prepare_tokens(data, line.get<std::string>("out"), 128));
  return 0;
}

int synth(Arguments arguments) {
  const SyntheticSpec defaults;
  CommandLine line(
      "isoloss data synth --out DIR [options]",
      "Writes text of a synthetic language as tokens and prints the best loss possible "
      "on its held-out part.",
      "isoloss data synth --symbols 32 --topics 4 --zipf 1.5 --out language");
  SyntheticSpec spec;
  std::int64_t sequence = 128;
  line.add()("out", po::value<std::string>(), "folder to write")(
      "symbols", po::value(&spec.symbols)->default_value(defaults.symbols), "vocabulary")(
      "topics", po::value(&spec.topics)->default_value(defaults.topics), "hidden states")(
      "stay", po::value(&spec.stay)->default_value(defaults.stay), "chance to keep the topic")(
      "zipf", po::value(&spec.zipf)->default_value(defaults.zipf), "exponent of the contexts")(
      "tokens", po::value(&spec.tokens)->default_value(defaults.tokens), "of the training part")(
      "seed", po::value(&spec.seed)->default_value(defaults.seed), "of language and text")(
      "sequence", po::value(&sequence)->default_value(sequence),
      "window that the floor is computed for");
  if (!line.parse(arguments)) return 0;
  if (!line.has("out")) throw InputError("--out is missing (the folder to write); name one");
  DataSpec data;
  data.kind = DataKind::Synthetic;
  data.synthetic = spec;
  fmt::print("{}", prepare_tokens(data, line.get<std::string>("out"), sequence));
  return 0;
}

}  // namespace

int data_command(Arguments arguments) {
  const std::vector<std::string> kinds = {"prepare", "synth"};
  if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h") {
    fmt::print(
        "usage: isoloss data prepare TEXT... --out DIR\n       isoloss data synth --out DIR\n\n"
        "example: isoloss data prepare 'corpus/*.txt' --tokenizer unigram:4096 --out tokens\n");
    return arguments.empty() ? 2 : 0;
  }
  if (arguments.front() == "prepare") return prepare(arguments.subspan(1));
  if (arguments.front() == "synth") return synth(arguments.subspan(1));
  throw InputError("'" + arguments.front() + "' is not a kind of data (prepare or synth)" +
                   suggestion(arguments.front(), kinds));
}

}  // namespace isoloss
