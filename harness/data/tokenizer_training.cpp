// Training of the study's own SentencePiece unigram.
#include <fmt/format.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>

#include "harness/data/tokenizer.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::uint64_t kTrainingBytes = 30'000'000;
constexpr std::int64_t kLeastPieces = 300;
// SentencePiece adds logarithms of probabilities in float along what no space divides. Of 60,000
// random characters (a book in Chinese on one line) sums lost what they differ in, the expected
// counts were infinite, and it ended the process; along 10,000 of three bytes an error of half a
// bit a sum, at -1.2e5, stays below the 88 whose exponential a float holds.
constexpr std::size_t kLongestRun = 30'000;

class LineIterator final : public sentencepiece::SentenceIterator {
 public:
  explicit LineIterator(const std::vector<std::string>& lines) : lines_(lines) {}
  bool done() const override { return next_ >= lines_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return lines_[next_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& lines_;
  std::size_t next_ = 0;
};

// What SentencePiece learns nothing from: zeros and tabs, and whole lines with its sign of an
// unknown piece, U+2585. Where nothing else is left it ends the process.
bool has_characters_to_learn(const std::string& line) {
  return line.find("\xE2\x96\x85") == std::string::npos &&
         line.find_first_not_of(std::string_view("\0\t", 2)) != std::string::npos;
}

// The line, cut within runs without a space that are longer than that, between characters.
void add_in_runs(std::string_view line, std::vector<std::string>& lines) {
  std::size_t begin = 0, run = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool within_character = (static_cast<unsigned char>(line[i]) & 0xC0) == 0x80;
    if (line[i] == ' ') {
      run = i + 1;
    } else if (i - run >= kLongestRun && !within_character) {
      lines.emplace_back(line.substr(begin, i - begin));
      begin = run = i;
    }
  }
  lines.emplace_back(line.substr(begin));
}

}  // namespace

LineSample::LineSample(std::uint64_t bytes)
    : stride_(std::max<std::uint64_t>(1, (bytes + kTrainingBytes - 1) / kTrainingBytes)) {}

void LineSample::add(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0 && number_++ % stride_ == 0) add_in_runs(text.substr(0, end), lines_);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string train_unigram(const LineSample& sample, std::int64_t vocabulary) {
  LineIterator lines(sample.lines());
  const auto refused = [&](const std::string& why, const std::string& other) {
    return InputError(
        fmt::format("data.tokenizer: a unigram of {} pieces cannot be trained on this text ({}); "
                    "give {}or the tokenizer bytes",
                    vocabulary, why, other));
  };
  if (vocabulary < kLeastPieces)
    throw refused("256 bytes and the single characters come first",
                  fmt::format("{} or more, ", kLeastPieces));
  if (vocabulary > std::numeric_limits<int>::max())
    throw refused("more than can be counted", "fewer pieces, ");
  if (sample.lines().empty()) throw refused("its training part has no lines", "more text, ");
  if (std::ranges::none_of(sample.lines(), has_characters_to_learn))
    throw refused(
        "the lines of its training part hold nothing but tabs, zeros or the reserved "
        "character U+2585",
        "a text of other characters, ");
  const std::unordered_map<std::string, std::string> settings = {
      {"model_type", "unigram"},
      {"vocab_size", std::to_string(vocabulary)},
      {"num_threads", "1"},
      {"byte_fallback", "true"},
      {"character_coverage", "1.0"},
      {"normalization_rule_name", "identity"},
      {"add_dummy_prefix", "false"},
      {"remove_extra_whitespaces", "false"},
      {"max_sentence_length", "1073741824"},
      {"shuffle_input_sentence", "false"},
      {"unk_id", "0"},
      {"bos_id", "-1"},
      {"eos_id", "-1"},
      {"pad_id", "-1"},
      {"minloglevel", "2"},
  };
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &lines, &model);
  if (!status.ok()) {
    // The library's text begins with the place in its source, in brackets.
    const std::string why = status.ToString();
    const std::size_t place = why.rfind("] ");
    throw refused(place == std::string::npos ? why : why.substr(place + 2),
                  vocabulary > kLeastPieces
                      ? fmt::format("a smaller vocabulary (at least {}), more text, ", kLeastPieces)
                      : "more text, ");
  }
  return model;
}

}  // namespace isoloss
