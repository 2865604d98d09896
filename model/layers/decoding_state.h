// What a model has read of several rows of tokens and needs to read on (keys, values, the last
// inputs of convolutions and token shift), so that a token costs what it costs alone, however long
// its row. No LibTorch in this header.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace isoloss {

// Tokens of each row.
using TokenLists = std::vector<std::vector<std::int32_t>>;

// After which of the tokens that a row is reading now.
struct TokenPlace {
  std::int64_t row = 0;
  std::int64_t place = 0;
};

// Made and read on by a LanguageModel (nothing_read, read).
class DecodingState {
 public:
  struct Impl;
  explicit DecodingState(std::unique_ptr<Impl> impl);
  ~DecodingState();
  DecodingState(DecodingState&&) noexcept;
  DecodingState& operator=(DecodingState&&) noexcept;

  // Tokens that each row has read.
  const std::vector<std::int64_t>& lengths() const;
  std::int64_t rows() const { return static_cast<std::int64_t>(lengths().size()); }

  // These rows in this order, as a state of its own; a row may be named many times (beams, several
  // continuations of one prefix) or never.
  DecodingState select(std::span<const std::int64_t> rows) const;

  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace isoloss
