// Data that own tasks are made of and nothing else: a text, or a synthetic language.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/data/synthetic.h"
#include "tests/harness/oneshot/made_prose.h"

namespace isoloss {

class TextOnly : public Dataset {
 public:
  explicit TextOnly(std::string text) : text_(std::move(text)) {}
  std::int64_t vocabulary() const override { return 256; }
  std::string tokenizer_name() const override { return "bytes"; }
  std::string tokenizer_hash() const override { return ""; }
  std::int64_t training_tokens() const override { return 0; }
  const HeldOut& held_out() const override { return held_out_; }
  std::vector<std::int32_t> samples(std::uint64_t, std::int64_t, std::int64_t,
                                    std::int64_t) const override {
    return {};
  }
  const std::string& held_out_text() const override { return text_; }
  std::vector<std::int32_t> encode(const std::string& text) const override {
    return bytes_of(text);
  }

 private:
  std::string text_;
  HeldOut held_out_;
};

class LanguageOnly final : public TextOnly {
 public:
  LanguageOnly() : TextOnly(""), language_(make_language(SyntheticSpec())) {}
  const SyntheticLanguage* language() const override { return &language_; }

 private:
  SyntheticLanguage language_;
};

}  // namespace isoloss
