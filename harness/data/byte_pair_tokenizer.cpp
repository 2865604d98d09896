#include "harness/data/byte_pair_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "harness/oneshot/unicode_text.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using TokenizerJson = nlohmann::json;
using Vocabulary = std::unordered_map<std::string, std::int32_t>;
using Merges = std::vector<std::pair<std::string, std::string>>;

// How GPT-2's files write each byte: printable ones of Latin-1 as themselves, the others, in order,
// as the characters from U+0100 on.
const std::array<std::string, 256>& written_bytes() {
  static const std::array<std::string, 256> written = [] {
    std::array<std::string, 256> made;
    char32_t next = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
      made[byte] = utf8(std::u32string(1, printable ? byte : next++));
    }
    return made;
  }();
  return written;
}

// The bytes that a token writes; characters that write no byte stand for themselves.
std::string bytes_of(const std::string& token) {
  static const std::unordered_map<std::string, char> bytes = [] {
    std::unordered_map<std::string, char> made;
    for (std::size_t byte = 0; byte < 256; ++byte)
      made.emplace(written_bytes()[byte], static_cast<char>(byte));
    return made;
  }();
  std::string text;
  for (std::size_t at = 0; at < token.size();) {
    const auto lead = static_cast<unsigned char>(token[at]);
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    const std::string character = token.substr(at, size);
    const auto byte = bytes.find(character);
    text += byte == bytes.end() ? character : std::string(1, byte->second);
    at += size;
  }
  return text;
}

struct PairHash {
  std::size_t operator()(const std::pair<std::int32_t, std::int32_t>& pair) const {
    return std::hash<std::uint64_t>()((static_cast<std::uint64_t>(pair.first) << 32) |
                                      static_cast<std::uint32_t>(pair.second));
  }
};

class BytePairTokenizer final : public Tokenizer {
 public:
  BytePairTokenizer(const Vocabulary& vocabulary, const Merges& merges, const std::string& source) {
    const auto id_of = [&](const std::string& token) {
      const auto at = vocabulary.find(token);
      if (at == vocabulary.end())
        throw InputError(
            fmt::format("{}: '{}' is no token of the vocabulary (a merge or a byte needs it); take "
                        "both files from one model",
                        source, token));
      return at->second;
    };
    for (const auto& [token, id] : vocabulary) {
      if (id < 0)
        throw InputError(
            fmt::format("{}: token '{}' has the id {} (ids begin at 0); take the model's own file",
                        source, token, id));
      texts_.resize(std::max(texts_.size(), static_cast<std::size_t>(id) + 1));
      texts_[static_cast<std::size_t>(id)] = bytes_of(token);
    }
    for (std::size_t byte = 0; byte < 256; ++byte) byte_ids_[byte] = id_of(written_bytes()[byte]);
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
      const auto& [left, right] = merges[rank];
      merges_.try_emplace({id_of(left), id_of(right)}, Merge{rank, id_of(left + right)});
    }
    const auto end = vocabulary.find("<|endoftext|>");
    if (end != vocabulary.end()) end_ = end->second;
  }

  std::int64_t vocabulary() const override { return std::ssize(texts_); }
  std::optional<std::int32_t> end_id() const override { return end_; }

  std::vector<std::int32_t> encode(std::string_view text) const override {
    std::vector<std::int32_t> ids;
    for (const std::string_view word : byte_pair_words(text)) append_word(ids, word);
    return ids;
  }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids)
      if (id >= 0 && id < std::ssize(texts_)) text += texts_[static_cast<std::size_t>(id)];
    return text;
  }

 private:
  struct Merge {
    std::size_t rank = std::numeric_limits<std::size_t>::max();
    std::int32_t id = -1;
  };

  Merge merge_of(std::int32_t left, std::int32_t right) const {
    const auto at = merges_.find({left, right});
    return at == merges_.end() ? Merge{} : at->second;
  }

  void append_word(std::vector<std::int32_t>& ids, std::string_view word) const {
    std::vector<std::int32_t> parts;
    for (const char byte : word) parts.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
    while (parts.size() > 1) {
      Merge best;
      for (std::size_t i = 0; i + 1 < parts.size(); ++i)
        if (const Merge merge = merge_of(parts[i], parts[i + 1]); merge.rank < best.rank)
          best = merge;
      if (best.id < 0) break;
      // Everywhere in the word, from the left.
      std::vector<std::int32_t> joined;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool joins =
            i + 1 < parts.size() && merge_of(parts[i], parts[i + 1]).rank == best.rank;
        joined.push_back(joins ? best.id : parts[i]);
        if (joins) ++i;
      }
      parts = std::move(joined);
    }
    ids.insert(ids.end(), parts.begin(), parts.end());
  }

  std::array<std::int32_t, 256> byte_ids_{};
  std::unordered_map<std::pair<std::int32_t, std::int32_t>, Merge, PairHash> merges_;
  std::vector<std::string> texts_;  // by id
  std::optional<std::int32_t> end_;
};

Vocabulary vocabulary_of(const TokenizerJson& json, const std::string& source) {
  try {
    return json.get<Vocabulary>();
  } catch (const TokenizerJson::exception&) {
    throw InputError(source +
                     ": the vocabulary is no JSON object of tokens to ids; take the model's own "
                     "file");
  }
}

[[noreturn]] void no_merge(const std::string& source, const std::string& line) {
  throw InputError(fmt::format(
      "{}: '{}' is no merge (two tokens with a space between); take the model's own file", source,
      line));
}

std::pair<std::string, std::string> merge_of_line(const std::string& line,
                                                  const std::string& source) {
  const std::size_t space = line.find(' ');
  if (space == std::string::npos || space == 0 || space + 1 == line.size() ||
      line.find(' ', space + 1) != std::string::npos)
    no_merge(source, line);
  return {line.substr(0, space), line.substr(space + 1)};
}

// What ByteLevel stands for in a tokenizer.json is what this file does.
bool byte_level(const TokenizerJson& json) {
  return json.is_object() && json.value("type", "") == "ByteLevel" &&
         !json.value("add_prefix_space", true) && json.value("use_regex", true);
}

}  // namespace

std::unique_ptr<Tokenizer> byte_pair_tokenizer(const std::string& vocabulary,
                                               const std::string& merges,
                                               const std::string& source) {
  Merges pairs;
  std::istringstream lines(merges);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || (pairs.empty() && line.starts_with("#version"))) continue;
    pairs.push_back(merge_of_line(line, source + "/merges.txt"));
  }
  return std::make_unique<BytePairTokenizer>(
      vocabulary_of(TokenizerJson::parse(vocabulary, nullptr, false), source + "/vocab.json"),
      pairs, source);
}

std::unique_ptr<Tokenizer> byte_pair_tokenizer_json(const std::string& text,
                                                    const std::string& source) {
  const TokenizerJson json = TokenizerJson::parse(text, nullptr, false);
  const TokenizerJson empty = TokenizerJson::object();
  const TokenizerJson& model = json.is_object() && json.contains("model") ? json["model"] : empty;
  if (!model.is_object() || model.value("type", "") != "BPE" || !model.contains("vocab") ||
      !model.contains("merges") || !model["merges"].is_array() ||
      !byte_level(json.value("pre_tokenizer", empty)) ||
      !json.value("normalizer", TokenizerJson()).is_null())
    throw InputError(
        source +
        " is another tokenizer than GPT-2's (byte pairs of ByteLevel words without a prefix space "
        "are read); take a model of that kind, or one with a SentencePiece tokenizer.model");
  Vocabulary vocabulary = vocabulary_of(model["vocab"], source);
  for (const TokenizerJson& added : json.value("added_tokens", TokenizerJson::array()))
    vocabulary.try_emplace(added.value("content", ""), added.value("id", -1));
  Merges pairs;
  for (const TokenizerJson& merge : model["merges"]) {
    if (merge.is_string())
      pairs.push_back(merge_of_line(merge.get<std::string>(), source));
    else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
      pairs.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    else
      no_merge(source, merge.dump());
  }
  return std::make_unique<BytePairTokenizer>(vocabulary, pairs, source);
}

}  // namespace isoloss
