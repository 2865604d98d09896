// The first bytes of a token file (docs/format.md, "Token file"), for its reader and its writer.
#pragma once
#include <cstddef>
#include <cstdint>

#include "harness/data/token_file.h"

namespace isoloss {

inline constexpr char kTokenFileMagic[8] = {'I', 'S', 'O', 'L', 'T', 'O', 'K', '\n'};
inline constexpr std::uint32_t kTokenFileVersion = 1;
inline constexpr std::uint32_t kTokenFileByteOrder = 0x01020304;
inline constexpr std::uint64_t kTokenFileAlignment = 64;
inline constexpr std::int64_t kMostVocabulary = 0x7FFFFFFF;  // ids are std::int32_t

struct TokenFileHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t byte_order;
  std::uint32_t token_width;
  std::uint32_t reserved;
  std::uint64_t vocabulary;
  std::uint64_t documents;
  std::uint64_t tokens[3];
  std::uint64_t tokenizer_bytes;
  std::uint64_t model_bytes;
  std::uint64_t text_bytes;
  std::uint64_t tokenizer_hash;
  std::uint64_t source_hash;
  std::uint64_t checksum;
};
static_assert(sizeof(TokenFileHeader) == 112 && offsetof(TokenFileHeader, checksum) == 104);
static_assert(sizeof(TokenDocument) == 32);

inline std::uint64_t token_file_aligned(std::uint64_t position) {
  return (position + kTokenFileAlignment - 1) / kTokenFileAlignment * kTokenFileAlignment;
}

}  // namespace isoloss
