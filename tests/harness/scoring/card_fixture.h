// A task card with three items, and data of bytes that a model of milliseconds trains on.
#pragma once
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/data/tokenizer.h"
#include "tests/harness/training/periodic_training.h"

namespace isoloss {

inline constexpr const char* kCard =
    "data: d\nsplit: test\nshots_from: train\ncontext: \"{q}\"\nchoices: words\n"
    "gold: label\nchance: choices\nmetrics: {accuracy: right sum}\n";

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

inline std::string item(int id) {
  return fmt::format(R"({{"id": "{0}", "group": "{0}", "q": "A", "words": ["B", "C"], "label": 0}})"
                     "\n",
                     id);
}

// A folder with one card, two items of it and one to show.
inline EvaluationSpec cards_at(const std::filesystem::path& folder) {
  write_file(folder / "letters.yaml", kCard);
  write_file(folder / "d.test.jsonl", item(1) + item(2));
  write_file(folder / "d.train.jsonl", item(3));
  EvaluationSpec evaluation;
  evaluation.card_folders = {folder.string()};
  return evaluation;
}

// Bytes, as many ids as the model has.
class PeriodicBytes final : public Dataset {
 public:
  // `text`: what own tasks are made of.
  explicit PeriodicBytes(std::int64_t sequence, std::string text = "")
      : periodic_(sequence), text_(std::move(text)) {}
  std::int64_t vocabulary() const override { return 256; }
  std::string tokenizer_name() const override { return "bytes"; }
  std::string tokenizer_hash() const override {
    return fmt::format("{:016x}", isoloss::tokenizer_hash(""));
  }
  std::int64_t training_tokens() const override { return periodic_.training_tokens(); }
  const HeldOut& held_out() const override { return periodic_.held_out(); }
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    return periodic_.samples(seed, first, count, sequence);
  }
  const std::string& held_out_text() const override { return text_; }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return tokenizer_->encode(text);
  }
  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }

 private:
  PeriodicData periodic_;
  std::string text_;
  std::unique_ptr<Tokenizer> tokenizer_ = byte_tokenizer();
};

inline RunSpec byte_run() {
  RunSpec spec = tiny_spec();
  spec.model.vocabulary = 256;
  return spec;
}

}  // namespace isoloss
