// Text to token ids. Bytes: ids 0..255. SentencePiece unigram, trained here so that decoding gives
// back every byte of the text (identity normalisation, no dummy prefix, byte fallback), or a model
// from elsewhere, used with its own settings.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::int64_t vocabulary() const = 0;
  virtual std::vector<std::int32_t> encode(std::string_view text) const = 0;
  // The text of ids; exact for bytes and for a unigram trained here.
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
};

// XXH3-64 of a model's bytes; of the word "bytes" where there is no model.
std::uint64_t tokenizer_hash(std::string_view model);

std::unique_ptr<Tokenizer> byte_tokenizer();

// Trains a SentencePiece unigram of `vocabulary` pieces on `texts` alone and returns the model's
// bytes, the same for the same texts. InputError where the text is too small for the vocabulary.
std::string train_unigram(std::span<const std::string_view> texts, std::int64_t vocabulary);

// A tokenizer trained by train_unigram.
std::unique_ptr<Tokenizer> unigram_tokenizer(const std::string& model);

// A SentencePiece model from elsewhere; `source` names it in messages. InputError where it is none.
std::unique_ptr<Tokenizer> foreign_tokenizer(const std::string& model, const std::string& source);

// The tokenizer that a token file names (bytes, unigram:N, model:HASH); null for symbols.
std::unique_ptr<Tokenizer> stored_tokenizer(std::string_view name, std::string_view model);

}  // namespace isoloss
