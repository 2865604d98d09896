// `isoloss data prepare` and `isoloss data synth`: folders of tokens that a study names with
// `data: {tokens: DIR}`; `isoloss data prepare-tasks` is in prepare_tasks.cpp.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/prepare_tasks.h"
#include "harness/data/document_forms.h"
#include "harness/data/held_out_note.h"
#include "harness/data/token_file_folder.h"
#include "harness/data/tokenizer.h"
#include "harness/progress/drawn_lines.h"
#include "harness/progress/progress_text.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"
#include "model/spec/tell.h"
#include "results/durable_file.h"

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

std::vector<std::string> files_named(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    const std::vector<std::string> found = corpus_files(name);
    if (found.empty()) throw InputError(name + ": no such text (no file matches); check the path");
    files.insert(files.end(), found.begin(), found.end());
  }
  std::sort(files.begin(), files.end());
  if (const auto twice = std::adjacent_find(files.begin(), files.end()); twice != files.end())
    throw InputError(*twice + " is named twice (it would be counted twice); keep one name");
  return files;
}

// One line on a terminal, rewritten twice a second: what is done, how far, how long it will take.
class PreparationLine {
 public:
  ~PreparationLine() { line_.wipe(); }
  void operator()(const char* what, double done, double total) {
    const auto now = Clock::now();
    if (what_ != what) {
      what_ = what;
      begun_ = now;
    }
    if (now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    const double seconds = std::chrono::duration<double>(now - begun_).count();
    line_.draw({fmt::format("{}  {:.1f} of {:.1f} MB  about {} left", what, done / 1e6, total / 1e6,
                            duration_text(done > 0 ? seconds * (total / done - 1) : 0))});
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  Clock::time_point begun_{}, last_{};
  DrawnLines line_;
};

// What --field names, no other form has.
void require_json_lines(const TextSource& source) {
  for (const auto* files : {&source.files, &source.held_out_files})
    for (const std::string& file : *files)
      if (source.form.form.value_or(form_of_name(file)) == TextForm::JsonLines) return;
  throw InputError(
      "--field is given and no text is JSON lines (by the names of the files, or --form); leave it "
      "out, or give --form json");
}

// Of what tokens.json says.
void tell_of_held_out(const std::string& described, double validation) {
  const auto tokens = nlohmann::json::parse(described);
  const std::string note =
      held_out_note(tokens.at("selection_tokens").get<std::int64_t>() +
                        tokens.at("report_tokens").get<std::int64_t>(),
                    tokens.at("training_tokens").get<std::int64_t>(), validation);
  if (!note.empty()) tell(note);
}

constexpr const char* kJsonAnyway = "one JSON object on standard output, which it is anyway";

int prepare(Arguments arguments) {
  CommandLine line(
      "isoloss data prepare TEXT... --out DIR [options]",
      "Turns text into a folder of tokens. TEXT is a file, a pattern or a folder; gzip "
      "is read as it is. Works in bounded memory, on as much disk as the text takes.",
      "isoloss data prepare c4/en/'c4-train.*.json.gz' --validation "
      "c4/en/'c4-validation.*.json.gz' --tokenizer t5.model --out tokens");
  line.add()("out", po::value<std::string>(), "folder to write")(
      "tokenizer", po::value<std::string>()->default_value("bytes"),
      "bytes, unigram:N (trained from this text) or a SentencePiece FILE.model")(
      "validation", po::value<std::vector<std::string>>(),
      "share held out, whole documents (0.05), or the text that the publisher holds out")(
      "form", po::value<std::string>(),
      "text (a file is a document), json (a line is an object) or lines (a line is a document); "
      "otherwise by each file's name")("field", po::value<std::string>()->default_value("text"),
                                       "of JSON lines: the field with the text")(
      "vocabulary", po::value<std::int64_t>()->default_value(0),
      "ids that models have, where they have more than the tokenizer (T5: 32128)")("json",
                                                                                   kJsonAnyway);
  line.positional("TEXT", CommandLine::Arity::Many);
  if (!line.parse(arguments)) return 0;
  if (!line.has("out")) throw InputError("--out is missing (the folder to write); name one");
  TextSource source;
  source.files = files_named(line.get<std::vector<std::string>>("TEXT"));
  if (line.has("form")) source.form.form = text_form_named(line.get<std::string>("form"));
  source.form.field = line.get<std::string>("field");
  source.tokenizer = tokenizer_named(line.get<std::string>("tokenizer"));
  source.vocabulary = line.get<std::int64_t>("vocabulary");
  if (line.has("validation")) {
    const auto given = line.get<std::vector<std::string>>("validation");
    const std::optional<double> share =
        given.size() == 1 ? parse_number(given[0]) : std::optional<double>();
    if (!share)
      source.held_out_files = files_named(given);
    else if (!(*share > 0 && *share < 0.5))
      throw InputError("--validation is " + given[0] +
                       " (a share of the text); give more than 0 and less than 0.5, or the text "
                       "that is held out");
    else
      source.validation = *share;
  }
  if (line.given("field")) require_json_lines(source);
  std::string described;
  if (::isatty(STDERR_FILENO) == 1) {
    PreparationLine progress;
    described = prepare_text_folder(source, line.get<std::string>("out"), std::ref(progress));
  } else {
    described = prepare_text_folder(source, line.get<std::string>("out"));
  }
  if (source.held_out_files.empty()) tell_of_held_out(described, source.validation);
  fmt::print("{}\n", described);
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
      "stay", po::value(&spec.stay)->default_value(defaults.stay, fmt::format("{}", defaults.stay)),
      "chance to keep the topic")(
      "zipf", po::value(&spec.zipf)->default_value(defaults.zipf, fmt::format("{}", defaults.zipf)),
      "exponent of the contexts")("tokens", po::value(&spec.tokens)->default_value(defaults.tokens),
                                  "of the training part")(
      "seed", po::value(&spec.seed)->default_value(defaults.seed), "of language and text")(
      "sequence", po::value(&sequence)->default_value(sequence),
      "window that the floor is computed for")("json", kJsonAnyway);
  if (!line.parse(arguments)) return 0;
  if (!line.has("out")) throw InputError("--out is missing (the folder to write); name one");
  fmt::print("{}\n", prepare_synthetic_folder(spec, DataSpec().validation,
                                              line.get<std::string>("out"), sequence));
  return 0;
}

}  // namespace

int data_command(Arguments arguments) {
  const std::vector<std::string> kinds = {"prepare", "synth", "prepare-tasks"};
  if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h") {
    fmt::print(
        "usage: isoloss data prepare TEXT... --out DIR\n       isoloss data synth --out DIR\n"
        "       isoloss data prepare-tasks DIR --out FILE\n\n"
        "example: isoloss data prepare 'corpus/*.txt' --tokenizer unigram:4096 --out tokens\n");
    return arguments.empty() ? 2 : 0;
  }
  if (arguments.front() == "prepare") return prepare(arguments.subspan(1));
  if (arguments.front() == "synth") return synth(arguments.subspan(1));
  if (arguments.front() == "prepare-tasks") return prepare_tasks(arguments.subspan(1));
  throw InputError("'" + arguments.front() +
                   "' is not a kind of data (prepare, synth or prepare-tasks)" +
                   suggestion(arguments.front(), kinds));
}

}  // namespace isoloss
