#include "harness/data/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kVocabulary = 320;

// Four hundred words of one to four syllables, with punctuation, repeated spaces and line ends.
std::string sample_text() {
  const char* syllables[] = {"the", "wha", "le",  "of",   "sea", "cap", "tain", "and", "a",
                             "sai", "led", "har", "poon", "wi",  "nd",  "ro",   "mi",  "ku"};
  std::string text;
  for (std::uint64_t i = 0; i < 6000; ++i) {
    const std::uint64_t word = random_below(3, 5, i, 400);
    for (std::uint64_t part = 0; part <= word % 4; ++part)
      text += syllables[random_below(7, word, part, 18)];
    text += i % 17 == 16 ? ".\n\n" : i % 29 == 28 ? ",  " : " ";
  }
  return text;
}

std::string train_on(const std::string& text, std::int64_t vocabulary) {
  LineSample sample(text.size());
  sample.add(text);
  return train_unigram(sample, vocabulary);
}

const std::string& trained() {
  static const std::string model = train_on(sample_text(), kVocabulary);
  return model;
}

class RoundTrip : public testing::TestWithParam<std::string> {};

TEST_P(RoundTrip, EveryByteComesBackFromBytes) {
  const auto tokenizer = byte_tokenizer();
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(GetParam())), GetParam());
}

TEST_P(RoundTrip, EveryByteComesBackFromATrainedUnigram) {
  const auto tokenizer = unigram_tokenizer(trained());
  const auto ids = tokenizer->encode(GetParam());
  EXPECT_EQ(tokenizer->decode(ids), GetParam());
  for (const auto id : ids) EXPECT_NE(id, 0) << "the unknown piece loses what it stands for";
}

INSTANTIATE_TEST_SUITE_P(Texts, RoundTrip,
                         testing::Values("", "the whale", " leading", "trailing ",
                                         "a  double   space", "\n\nlines\n", "tab\there\r\n",
                                         "caf\xC3\xA9 \xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x90\x8B",
                                         "the \xE2\x96\x81 mark", std::string("nul\0inside", 10),
                                         "broken \xC3 utf8 \xFF", "<s> </s> <unk> <0x41>",
                                         "\xED\xA0\x80 surrogate", "\xEF\xBC\xA1 wide"));

TEST(Tokenizer, BytesAreTheirOwnIds) {
  EXPECT_EQ(byte_tokenizer()->encode("A\xFF"), (std::vector<std::int32_t>{65, 255}));
  EXPECT_EQ(byte_tokenizer()->vocabulary(), 256);
}

TEST(Tokenizer, AUnigramHasTheVocabularyAskedFor) {
  const auto tokenizer = unigram_tokenizer(trained());
  EXPECT_EQ(tokenizer->vocabulary(), kVocabulary);
  for (const auto id : tokenizer->encode(sample_text())) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, kVocabulary);
  }
}

TEST(Tokenizer, AUnigramShortensTheTextItWasTrainedOn) {
  const std::string text = sample_text();
  EXPECT_LT(unigram_tokenizer(trained())->encode(text).size(), text.size() / 2);
}

TEST(Tokenizer, TrainingTwiceGivesTheSameModel) {
  EXPECT_EQ(train_on(sample_text(), kVocabulary), trained());
}

TEST(Tokenizer, AVocabularyTooLargeForTheTextIsRefused) {
  try {
    train_on("a few words only", 5000);
    FAIL() << "trained";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("5000"), std::string::npos) << error.what();
  }
}

TEST(Tokenizer, AModelFromElsewhereGivesTheIdsOfItsOwnPieces) {
  const auto foreign = foreign_tokenizer(trained(), "own.model");
  EXPECT_EQ(foreign->encode("the whale"), unigram_tokenizer(trained())->encode("the whale"));
}

TEST(Tokenizer, AFileThatIsNoModelIsRefusedByName) {
  try {
    foreign_tokenizer("no model", "words.model");
    FAIL() << "read";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "words.model is no SentencePiece model (its content does not read as one); give a "
                 "SentencePiece .model file");
  }
}

TEST(Tokenizer, HashOfTheBytesTokenizerIsThatOfTheWord) {
  EXPECT_EQ(tokenizer_hash(""), tokenizer_hash("bytes"));
  EXPECT_NE(tokenizer_hash("bytes"), tokenizer_hash("byte"));
}

TEST(Tokenizer, OfALargeTextEveryNthLineIsSampledAcrossDocuments) {
  LineSample sample(61'000'000);  // 30 MB are enough: every third line
  sample.add("one\ntwo\n\nthree\n");
  sample.add("four\nfive");
  EXPECT_EQ(sample.lines(), (std::vector<std::string>{"one", "four"}));
}

// The library ends the process where it finds no character to learn.
TEST(Tokenizer, ATextWithoutCharactersToLearnIsRefused) {
  const std::string lines[] = {std::string(100, '\0'), std::string(100, '\t'),
                               std::string("\t\0\t", 3), "\xE2\x96\x85 words beside it"};
  for (const std::string& line : lines) {
    std::string text;
    for (int i = 0; i < 600; ++i) text += line + "\n";
    EXPECT_THAT([&] { train_on(text, kVocabulary); },
                testing::ThrowsMessage<InputError>(testing::HasSubstr(
                    "(the lines of its training part hold nothing but tabs, zeros")));
  }
}

// U+4E00 is three bytes.
TEST(Tokenizer, LinesWithoutSpacesAreCutBetweenCharacters) {
  std::string run;
  for (int i = 0; i < 12'000; ++i) run += "\xE4\xB8\x80";
  LineSample sample(100);
  sample.add(run + " b\n" + std::string(29'999, 'a') + " " + std::string(29'999, 'a') + "\n");
  ASSERT_EQ(sample.lines().size(), 3U);
  EXPECT_EQ(sample.lines()[0], run.substr(0, 30'000));
  EXPECT_EQ(sample.lines()[1], run.substr(30'000) + " b");
}

// Of a line of 60,000 characters in no order (steps of a generator modulo 2^31, Park and Miller's)
// the library's sums were no numbers, and it ended the process.
TEST(Tokenizer, ALongLineWithoutSpacesIsLearnedFrom) {
  std::string line;
  std::int64_t state = 1;
  for (int i = 0; i < 60'000; ++i) {
    state = state * 48'271 % 2'147'483'647;
    const auto code = static_cast<int>(0x4E00 + state % 20'000);
    line += static_cast<char>(0xE0 | (code >> 12));
    line += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    line += static_cast<char>(0x80 | (code & 0x3F));
  }
  EXPECT_THAT([&] { train_on(line, 30'000); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("Vocabulary size too high")));
}

TEST(Tokenizer, TokenizersOfOursHaveNoEnd) {
  EXPECT_EQ(byte_tokenizer()->end_id(), std::nullopt);
  EXPECT_EQ(unigram_tokenizer(trained())->end_id(), std::nullopt);
}

TEST(Tokenizer, SymbolsHaveNoTextTokenizer) {
  EXPECT_EQ(stored_tokenizer("symbols:32", ""), nullptr);
  EXPECT_EQ(stored_tokenizer("bytes", "")->vocabulary(), 256);
}

}  // namespace
}  // namespace isoloss
