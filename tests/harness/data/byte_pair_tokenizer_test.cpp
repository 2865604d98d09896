// GPT-2's pattern and merges by hand. The pattern (Radford et al. 2019, released encoder.py):
// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
#include "harness/data/byte_pair_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(BytePairWords, AreCutByTheClassesOfCharacters) {
  EXPECT_THAT(byte_pair_words("Hello world"), ElementsAre("Hello", " world"));
  EXPECT_THAT(byte_pair_words("in 1984,\"x\""), ElementsAre("in", " 1984", ",\"", "x", "\""));
  EXPECT_THAT(byte_pair_words("caf\xC3\xA9 \xE4\xB8\xAD\xE6\x96\x87 \xC2\xBD"),
              ElementsAre("caf\xC3\xA9", " \xE4\xB8\xAD\xE6\x96\x87", " \xC2\xBD"));
  EXPECT_THAT(byte_pair_words(""), ElementsAre());
}

TEST(BytePairWords, ContractionsStandAlone) {
  EXPECT_THAT(byte_pair_words("we'll don't 'tis they'RE"),
              ElementsAre("we", "'ll", " don", "'t", " '", "tis", " they", "'", "RE"));
}

TEST(BytePairWords, SpaceLeavesItsLastCharacterToTheWord) {
  EXPECT_THAT(byte_pair_words("a   b"), ElementsAre("a", "  ", " b"));
  EXPECT_THAT(byte_pair_words("a\n\n b\n"), ElementsAre("a", "\n\n", " b", "\n"));
  EXPECT_THAT(byte_pair_words("a\nb  "), ElementsAre("a", "\n", "b", "  "));
  EXPECT_THAT(byte_pair_words("a\xC2\xA0\xC2\xA0"
                              "b"),
              ElementsAre("a", "\xC2\xA0", "\xC2\xA0", "b"));
}

TEST(BytePairWords, BytesThatAreNoTextAreOtherCharacters) {
  EXPECT_THAT(byte_pair_words("a\xFF\xC3"), ElementsAre("a", "\xFF\xC3"));
}

// Every byte as GPT-2 writes it, ids as they come; then merges l+o, lo+w, e+r, space+low.
nlohmann::json vocabulary() {
  nlohmann::json vocabulary;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    const int point = printable ? byte : next++;
    std::string written;
    if (point < 0x80)
      written = static_cast<char>(point);
    else
      written = {static_cast<char>(0xC0 | (point >> 6)), static_cast<char>(0x80 | (point & 0x3F))};
    vocabulary[written] = byte;
  }
  for (const char* token : {"lo", "low", "er", "\xC4\xA0low", "<|endoftext|>"})
    vocabulary[token] = static_cast<int>(vocabulary.size());
  return vocabulary;
}
constexpr const char* kMerges = "#version: 0.2\nl o\nlo w\ne r\n\xC4\xA0 low\n";

TEST(BytePairTokenizer, JoinsTheLowestRankFirst) {
  const auto tokenizer = byte_pair_tokenizer(vocabulary().dump(), kMerges, "model");
  EXPECT_EQ(tokenizer->vocabulary(), 261);
  EXPECT_EQ(tokenizer->end_id(), 260);
  EXPECT_THAT(tokenizer->encode("low"), ElementsAre(257));
  EXPECT_THAT(tokenizer->encode("lower lol"), ElementsAre(257, 258, ' ', 256, 'l'));
  EXPECT_THAT(tokenizer->encode(" lowlow"), ElementsAre(259, 257));
  EXPECT_THAT(tokenizer->encode("erer"), ElementsAre(258, 258));
}

TEST(BytePairTokenizer, GivesBackEveryByte) {
  const auto tokenizer = byte_pair_tokenizer(vocabulary().dump(), kMerges, "model");
  std::string text = " lower <|endoftext|>\n";
  for (int byte = 0; byte < 256; ++byte) text.push_back(static_cast<char>(byte));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
}

TEST(BytePairTokenizer, OfTokenizerJsonIsTheSame) {
  nlohmann::json words = vocabulary();
  words.erase("<|endoftext|>");
  const nlohmann::json json = {
      {"added_tokens", {{{"id", 260}, {"content", "<|endoftext|>"}}}},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
      {"model",
       {{"type", "BPE"},
        {"vocab", words},
        {"merges", {"l o", "lo w", nlohmann::json::array({"e", "r"}), "\xC4\xA0 low"}}}}};
  const auto tokenizer = byte_pair_tokenizer_json(json.dump(), "tokenizer.json");
  EXPECT_EQ(tokenizer->end_id(), 260);
  EXPECT_THAT(tokenizer->encode("lower lol"), ElementsAre(257, 258, ' ', 256, 'l'));
  nlohmann::json other = json;
  other["pre_tokenizer"]["add_prefix_space"] = true;
  EXPECT_THAT([&] { byte_pair_tokenizer_json(other.dump(), "tokenizer.json"); },
              ThrowsMessage<InputError>(HasSubstr("another tokenizer than GPT-2's")));
}

TEST(BytePairTokenizer, SaysWhatItsFilesLack) {
  EXPECT_THAT([] { byte_pair_tokenizer("[]", kMerges, "model"); },
              ThrowsMessage<InputError>(HasSubstr("model/vocab.json: the vocabulary is no JSON")));
  EXPECT_THAT([] { byte_pair_tokenizer(vocabulary().dump(), "l\n", "model"); },
              ThrowsMessage<InputError>(HasSubstr("model/merges.txt: 'l' is no merge")));
  EXPECT_THAT([] { byte_pair_tokenizer(vocabulary().dump(), "x y\n", "model"); },
              ThrowsMessage<InputError>(HasSubstr("'xy' is no token of the vocabulary")));
}

}  // namespace
}  // namespace isoloss
