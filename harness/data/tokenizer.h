// Text to token ids. Bytes: ids 0..255. SentencePiece unigram, trained here so that decoding gives
// back every byte of the text (identity normalisation, no dummy prefix, byte fallback), or a model
// from elsewhere, used with its own settings.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::int64_t vocabulary() const = 0;
  // May be called from several threads at once.
  virtual std::vector<std::int32_t> encode(std::string_view text) const = 0;
  // The id that stands after each document; absent where the tokenizer has none (bytes, a unigram
  // trained here).
  virtual std::optional<std::int32_t> end_id() const { return std::nullopt; }
  // The text of ids; exact for bytes and for a unigram trained here.
  virtual std::string decode(std::span<const std::int32_t> ids) const = 0;
};

// A document's ids as a token file holds them: with the id that stands after each, where there is
// one.
std::vector<std::int32_t> document_ids(const Tokenizer& tokenizer, std::string_view text);

// Which tokenizer something was made with, so that another is refused.
struct TokenizerIdentity {
  std::string name;  // bytes, unigram:4096, model:HASH, byte_pair:HASH
  std::uint64_t hash = 0;

  bool operator==(const TokenizerIdentity&) const = default;
};

// XXH3-64 of a model's bytes; of the word "bytes" where there is no model.
std::uint64_t tokenizer_hash(std::string_view model);

std::unique_ptr<Tokenizer> byte_tokenizer();

// The lines that a unigram is trained on: all or, of more than 30 MB (half a minute of one core),
// every n-th, so that all documents count and the text alone decides. Runs of over 30,000 bytes
// without a space are cut between characters: along longer ones SentencePiece ends the process.
class LineSample {
 public:
  // `bytes` of the whole text, about.
  explicit LineSample(std::uint64_t bytes);
  void add(std::string_view text);
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::size_t stride_;
  std::size_t number_ = 0;
  std::vector<std::string> lines_;
};

// Trains a SentencePiece unigram of `vocabulary` pieces on the sampled lines alone and returns the
// model's bytes, the same for the same lines. InputError where they are too few for the vocabulary.
std::string train_unigram(const LineSample& sample, std::int64_t vocabulary);

// A tokenizer trained by train_unigram.
std::unique_ptr<Tokenizer> unigram_tokenizer(const std::string& model);

// A SentencePiece model from elsewhere; `source` names it in messages. InputError where it is none.
std::unique_ptr<Tokenizer> foreign_tokenizer(const std::string& model, const std::string& source);

// The tokenizer that a token file names (bytes, unigram:N, model:HASH); null for symbols.
std::unique_ptr<Tokenizer> stored_tokenizer(std::string_view name, std::string_view model);

}  // namespace isoloss
