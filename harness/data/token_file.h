// The token file (docs/format.md, "Token file"): a study's text as token ids in three parts, with
// what is needed to read them again: tokenizer, documents, the report part's raw text. Written
// whole (token_file_writer.h), read through a memory map; a file that is truncated, foreign or
// altered is refused.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace isoloss {

enum class Part : std::uint64_t { Training = 0, Selection = 1, Report = 2 };

// A document, or the piece of a document that lies in one part.
struct TokenDocument {
  Part part = Part::Training;
  std::uint64_t tokens = 0;
  std::uint64_t bytes = 0;  // of its text; 0 where there is no text
  std::uint64_t hash = 0;   // XXH3-64 of its text; 0 where there is no text

  bool operator==(const TokenDocument&) const = default;
};

// A token file, checked and mapped. Throws InputError naming the file where it is missing,
// truncated, foreign, of another version or byte order, altered, or holds ids past its vocabulary.
class TokenFile {
 public:
  explicit TokenFile(const std::filesystem::path& path);
  ~TokenFile();
  TokenFile(TokenFile&& other) noexcept;
  TokenFile& operator=(TokenFile&&) = delete;
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  std::int64_t vocabulary() const { return vocabulary_; }
  std::uint64_t tokenizer_hash() const { return tokenizer_hash_; }
  std::uint64_t source_hash() const { return source_hash_; }
  std::uint64_t checksum() const { return checksum_; }
  std::string_view tokenizer() const { return tokenizer_; }
  std::string_view tokenizer_model() const { return tokenizer_model_; }
  std::string_view report_text() const { return report_text_; }
  std::span<const TokenDocument> documents() const { return documents_; }
  std::int64_t tokens(Part part) const;

  // Fills `out` with tokens [first, first + out.size()) of a part.
  void read(Part part, std::int64_t first, std::span<std::int32_t> out) const;

 private:
  void parse(const std::filesystem::path& path);
  void check_ids(const std::filesystem::path& path) const;

  std::span<const unsigned char> map_;
  std::int64_t vocabulary_ = 0;
  std::uint64_t tokenizer_hash_ = 0, source_hash_ = 0, checksum_ = 0;
  std::uint32_t width_ = 1;
  std::string_view tokenizer_, tokenizer_model_, report_text_;
  std::span<const TokenDocument> documents_;  // in the map, whose header keeps them aligned
  std::uint64_t counts_[3] = {0, 0, 0};
  const unsigned char* parts_[3] = {nullptr, nullptr, nullptr};
};

}  // namespace isoloss
