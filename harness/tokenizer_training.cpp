// Training of the study's own SentencePiece unigram.
#include <fmt/format.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <unordered_map>

#include "harness/tokenizer.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kTrainingBytes = 30'000'000;  // half a minute of one core

// The lines of the texts; where there are more than kTrainingBytes, every n-th of them, so that the
// vocabulary is drawn from all documents and depends on nothing but the texts.
class LineIterator final : public sentencepiece::SentenceIterator {
 public:
  explicit LineIterator(std::span<const std::string_view> texts) {
    std::size_t bytes = 0;
    for (const std::string_view text : texts) bytes += text.size();
    const std::size_t stride =
        std::max<std::size_t>(1, (bytes + kTrainingBytes - 1) / kTrainingBytes);
    std::size_t number = 0;
    for (std::string_view text : texts) {
      while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (end > 0 && number++ % stride == 0) lines_.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
      }
    }
    load();
  }
  bool done() const override { return next_ >= lines_.size(); }
  void Next() override {
    ++next_;
    load();
  }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }
  std::size_t lines() const { return lines_.size(); }

 private:
  void load() {
    if (!done()) line_ = lines_[next_];
  }
  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
  std::string line_;
};

}  // namespace

std::string train_unigram(std::span<const std::string_view> texts, std::int64_t vocabulary) {
  LineIterator lines(texts);
  const auto too_small = [&](const std::string& why) {
    return InputError(
        fmt::format("data.tokenizer: a unigram of {} pieces cannot be trained on this text ({}); "
                    "give a smaller "
                    "vocabulary (at least 300), more text, or the tokenizer bytes",
                    vocabulary, why));
  };
  if (vocabulary < 300) throw too_small("256 bytes and the single characters come first");
  if (lines.lines() == 0) throw too_small("its training part has no lines");
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
    throw too_small(place == std::string::npos ? why : why.substr(place + 2));
  }
  return model;
}

}  // namespace isoloss
