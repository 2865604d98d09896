#include "sweeps/study_data.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <glob.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "model/spec/error.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

const std::string kLookedUp =
    "looked up from the working folder and upwards from the folder of the study file";

// A study's copy in its own folder finds the same data as the original beside the project.
std::vector<fs::path> places_to_look(const fs::path& beside) {
  std::vector<fs::path> places = {fs::current_path()};
  for (fs::path place = (fs::current_path() / beside).lexically_normal();;
       place = place.parent_path()) {
    places.push_back(place);
    if (place == place.parent_path()) return places;
  }
}

// A path as a pattern that matches it alone.
std::string literally(const fs::path& path) {
  std::string pattern;
  for (const char c : path.string()) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::vector<std::string> regular_files(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i)
      if (std::error_code unreadable; fs::is_regular_file(found.gl_pathv[i], unreadable))
        files.push_back(fs::absolute(found.gl_pathv[i]).lexically_normal().string());
  globfree(&found);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> read_text(const YamlView& value) {
  std::vector<std::string> files;
  const fs::path beside = fs::path(value.file()).parent_path();
  for (const YamlView& item : value.list()) {
    const std::string pattern = item.text();
    const std::vector<std::string> matched = matching_files(pattern, beside);
    if (matched.empty())
      item.fail("no file matches '" + pattern + "' (" + kLookedUp +
                "); give the path of a text or a pattern such as corpus/*.txt");
    files.insert(files.end(), matched.begin(), matched.end());
  }
  std::sort(files.begin(), files.end());
  if (const auto twice = std::adjacent_find(files.begin(), files.end()); twice != files.end())
    value.fail("'" + *twice + "' is matched twice (it would be counted twice); keep one pattern");
  return files;
}

TokenizerSpec read_tokenizer(const YamlView& value) {
  TokenizerSpec tokenizer;
  if (!value.is_map()) {
    if (value.text() != "bytes")
      value.fail("'" + value.text() +
                 "' is not known (not one of its choices); write bytes, {unigram: 4096} or "
                 "{model: FILE, vocabulary: N}");
    return tokenizer;
  }
  static const std::vector<std::string> known = {"unigram", "model", "vocabulary"};
  const YamlMap map = value.map(known);
  const YamlView* unigram = map.find("unigram");
  const YamlView* model = map.find("model");
  if ((unigram != nullptr) == (model != nullptr))
    value.fail(
        "one of unigram and model is wanted (a tokenizer is trained or given); write "
        "{unigram: 4096} or {model: FILE, vocabulary: N}");
  if (unigram != nullptr) {
    if (const YamlView* vocabulary = map.find("vocabulary"))
      vocabulary->fail("given beside unigram (whose number is the vocabulary); remove it");
    tokenizer.kind = TokenizerKind::Unigram;
    tokenizer.vocabulary = unigram->positive_whole();
    return tokenizer;
  }
  tokenizer.kind = TokenizerKind::Model;
  tokenizer.vocabulary =
      map.need("vocabulary", "add the number of tokens of the model, vocabulary: N")
          .positive_whole();
  const std::vector<std::string> files =
      matching_files(model->text(), fs::path(value.file()).parent_path());
  if (files.size() != 1)
    model->fail("no file '" + model->text() + "' (" + kLookedUp +
                "); give the path of a SentencePiece .model");
  tokenizer.model_file = files[0];
  return tokenizer;
}

// What `data prepare` left in its folder. A study that says how many ids there are can be planned
// before they are there.
StudyData read_tokens(const YamlView& value, const YamlView* vocabulary) {
  const std::string name = value.text();
  StudyData result;
  result.data.kind = DataKind::Tokens;
  if (vocabulary != nullptr) result.vocabulary = vocabulary->positive_whole();
  const auto found = found_folder(name, fs::path(value.file()).parent_path());
  if (!found) {
    if (vocabulary == nullptr)
      value.fail("no folder '" + name + "' (" + kLookedUp +
                 "); make it by `isoloss data prepare`, or write beside it how many ids it will "
                 "have, vocabulary: N, to plan without it");
    result.data.files = {name};
    result.data.tokenizer.vocabulary = result.vocabulary;
    return result;
  }
  const fs::path& folder = *found;
  const fs::path description = folder / "tokens.json";
  std::ifstream in(description);
  if (!in)
    value.fail("'" + folder.string() +
               "' holds no tokens.json (not a folder of prepared tokens); make it by `isoloss data "
               "prepare`");
  result.data.files = {folder.string()};
  try {
    const nlohmann::json json = nlohmann::json::parse(in);
    const auto ids = json.at("vocabulary").get<std::int64_t>();
    if (vocabulary != nullptr && result.vocabulary != ids)
      vocabulary->fail(
          fmt::format("{} (the tokens in {} have {}); write {}, or prepare them with "
                      "--vocabulary {}",
                      result.vocabulary, folder.string(), ids, ids, result.vocabulary));
    result.vocabulary = ids;
    result.data.content_hash = json.at("hash").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    value.fail("cannot read '" + description.string() + "' (" + error.what() +
               "); make the folder anew by `isoloss data prepare`");
  }
  result.data.tokenizer.vocabulary = result.vocabulary;
  return result;
}

SyntheticSpec read_synthetic(const YamlView& value) {
  SyntheticSpec spec;
  const std::vector<std::pair<std::string, std::function<void(const YamlView&)>>> setters = {
      {"symbols", [&](const YamlView& v) { spec.symbols = v.positive_whole(); }},
      {"topics", [&](const YamlView& v) { spec.topics = v.positive_whole(); }},
      {"stay", [&](const YamlView& v) { spec.stay = v.number(); }},
      {"zipf", [&](const YamlView& v) { spec.zipf = v.number(); }},
      {"mix_bigram", [&](const YamlView& v) { spec.mix_bigram = v.number(); }},
      {"mix_trigram", [&](const YamlView& v) { spec.mix_trigram = v.number(); }},
      {"concentration", [&](const YamlView& v) { spec.concentration = v.positive(); }},
      {"bigram_concentration",
       [&](const YamlView& v) { spec.bigram_concentration = v.positive(); }},
      {"tokens", [&](const YamlView& v) { spec.tokens = v.positive_whole(); }},
      {"seed",
       [&](const YamlView& v) {
         if (v.whole() < 0) v.fail("the seed is negative (it must be 0 or more); give another");
         spec.seed = static_cast<std::uint64_t>(v.whole());
       }},
  };
  std::vector<std::string> known;
  for (const auto& setter : setters) known.push_back(setter.first);
  const YamlMap map = value.map(known);
  for (const auto& [name, set] : setters)
    if (const YamlView* given = map.find(name)) set(*given);

  const auto fault = [&](const char* name, const std::string& problem) {
    const YamlView* given = map.find(name);
    (given != nullptr ? *given : value).fail(problem);
  };
  if (spec.symbols < 2) fault("symbols", "fewer than 2 (nothing is left to predict); give more");
  if (spec.stay < 0 || spec.stay > 1)
    fault("stay", "not a probability (0 to 1 is wanted); give one such as 0.99");
  if (spec.zipf < 0) fault("zipf", "negative (rare symbols would be common); give 0 or more");
  if (spec.mix_bigram < 0 || spec.mix_trigram < 0 || spec.mix_bigram + spec.mix_trigram > 1)
    fault(
        "mix_trigram",
        "mix_bigram and mix_trigram are no shares (each 0 or more, together at most 1); lower one");
  return spec;
}

}  // namespace

bool tokens_are_absent(const DataSpec& data) {
  return data.kind == DataKind::Tokens && data.content_hash.empty();
}

std::vector<std::string> matching_files(const std::string& pattern, const fs::path& beside) {
  // An absolute one is the same from every place.
  for (const fs::path& place : places_to_look(beside)) {
    std::error_code unreadable;
    if (const fs::path named = place / pattern; fs::is_regular_file(named, unreadable))
      return {fs::absolute(named).lexically_normal().string()};
    std::vector<std::string> files =
        regular_files(fs::path(pattern).is_absolute() ? pattern : literally(place) + "/" + pattern);
    if (!files.empty()) return files;
  }
  return {};
}

std::optional<fs::path> found_folder(const std::string& name, const fs::path& beside) {
  for (const fs::path& place : places_to_look(beside)) {
    std::error_code unreadable;
    if (fs::is_directory(place / name, unreadable))
      return fs::absolute(place / name).lexically_normal();
  }
  return std::nullopt;
}

std::string hash_of_files(const std::vector<std::string>& files) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<char> block(1 << 20);
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
      throw InputError(file + ": cannot be read (no permission, or removed); make it readable");
    // The length goes first, so that where one document ends is part of the hash.
    const std::uint64_t length = fs::file_size(file);
    std::array<unsigned char, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<unsigned char>(length >> (8 * i));
    XXH3_64bits_update(state.get(), bytes.data(), bytes.size());
    while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
      XXH3_64bits_update(state.get(), block.data(), static_cast<std::size_t>(in.gcount()));
    if (in.bad())
      throw InputError(file + ": cannot be read to its end (a failing disk); copy it elsewhere");
  }
  return fmt::format("{:016x}", XXH3_64bits_digest(state.get()));
}

StudyData read_data(const YamlView& section) {
  static const std::vector<std::string> known = {"text",      "tokens",     "synthetic",
                                                 "tokenizer", "validation", "vocabulary"};
  const YamlMap map = section.map(known);
  const YamlView* text = map.find("text");
  const YamlView* tokens = map.find("tokens");
  const YamlView* synthetic = map.find("synthetic");
  const int sources = (text != nullptr) + (tokens != nullptr) + (synthetic != nullptr);
  if (sources != 1)
    section.fail(
        fmt::format("{} of text, tokens and synthetic (exactly one source of data is "
                    "wanted); write for example {{text: corpus/*.txt}}",
                    sources == 0 ? "none" : "more than one"));
  const YamlView* tokenizer = map.find("tokenizer");
  if (tokenizer != nullptr && text == nullptr)
    tokenizer->fail("given without text (only text is tokenized); remove it");

  const YamlView* vocabulary = map.find("vocabulary");
  if (vocabulary != nullptr && tokens == nullptr)
    vocabulary->fail(
        "given without tokens (the tokenizer or the synthetic symbols say how many ids there are); "
        "remove it");

  StudyData result;
  if (tokens != nullptr) {
    result = read_tokens(*tokens, vocabulary);
  } else if (synthetic != nullptr) {
    result.data.kind = DataKind::Synthetic;
    result.data.synthetic = read_synthetic(*synthetic);
    result.data.tokenizer.vocabulary = result.data.synthetic.symbols;
    result.vocabulary = result.data.synthetic.symbols;
  } else {
    result.data.files = read_text(*text);
    if (tokenizer != nullptr) result.data.tokenizer = read_tokenizer(*tokenizer);
    result.vocabulary = result.data.tokenizer.vocabulary;
    std::vector<std::string> content = result.data.files;
    if (!result.data.tokenizer.model_file.empty())
      content.push_back(result.data.tokenizer.model_file);
    result.data.content_hash = hash_of_files(content);
  }
  if (const YamlView* validation = map.find("validation")) {
    if (tokens != nullptr)
      validation->fail(
          "given with tokens (`isoloss data prepare` held its own part out); remove it");
    result.data.validation = validation->number();
    if (!(result.data.validation > 0) || !(result.data.validation < 0.5))
      validation->fail(validation->text() +
                       " is not between 0 and 0.5 (the share of the text that is held out); give "
                       "one such as 0.05");
  }
  return result;
}

}  // namespace isoloss
