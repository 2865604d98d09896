// Writes a token file (docs/format.md, "Token file") whose tokens never lie in memory together:
// what is added goes to unnamed files beside it, and `publish` puts them behind a header, whole or
// not at all. Needs twice the tokens' bytes of disk while it copies.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/data/token_file.h"
#include "harness/files/spill_file.h"

namespace isoloss {

// What a token file says of itself, but for its tokens.
struct TokenFileDescription {
  std::int64_t vocabulary = 0;
  std::string tokenizer;  // bytes, unigram:4096, model:HASH, symbols:32
  std::uint64_t tokenizer_hash = 0;
  std::string tokenizer_model;    // SentencePiece model; empty for bytes and symbols
  std::uint64_t source_hash = 0;  // of the text and of everything that chose the tokens
};

class TokenFileWriter {
 public:
  TokenFileWriter(std::filesystem::path path, TokenFileDescription description);

  // The next document of a part. The text of report documents is kept in the file; `text` is empty
  // where there is none.
  void add(Part part, std::span<const std::int32_t> tokens, std::string_view text);

  // Replaces the file at the path by what was added. WorkError where the disk is full.
  void publish();

 private:
  std::filesystem::path path_;
  TokenFileDescription description_;
  std::uint32_t width_;
  std::vector<SpillFile> documents_, tokens_;  // by part
  SpillFile report_text_;
};

}  // namespace isoloss
