#include "harness/data/token_file_writer.h"

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "harness/data/token_file_layout.h"
#include "harness/files/summed_file.h"

namespace isoloss {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

std::uint32_t width_for(std::int64_t vocabulary) {
  return vocabulary <= 0x100 ? 1u : vocabulary <= 0x10000 ? 2u : 4u;
}

template <class Id>
void append_ids(SpillFile& file, std::span<const std::int32_t> ids) {
  std::string bytes(ids.size() * sizeof(Id), '\0');
  char* out = bytes.data();
  for (const std::int32_t id : ids) {
    const Id narrow = static_cast<Id>(id);
    std::memcpy(out, &narrow, sizeof(Id));
    out += sizeof(Id);
  }
  file.append(bytes);
}

void copy(SpillFile& from, SummedFile& to) {
  std::string block;
  for (std::uint64_t at = 0; at < from.size(); at += block.size()) {
    block.resize(std::min<std::uint64_t>(kCopyBytes, from.size() - at));
    from.read(at, block);
    to.write(block);
  }
}

}  // namespace

TokenFileWriter::TokenFileWriter(std::filesystem::path path, TokenFileDescription description)
    : path_(std::move(path)),
      description_(std::move(description)),
      width_(width_for(description_.vocabulary)),
      report_text_(path_) {
  for (int part = 0; part < 3; ++part) {
    documents_.emplace_back(path_);
    tokens_.emplace_back(path_);
  }
}

void TokenFileWriter::add(Part part, std::span<const std::int32_t> tokens, std::string_view text) {
  const auto index = static_cast<std::size_t>(part);
  const TokenDocument document{part, tokens.size(), text.size(),
                               text.empty() ? 0 : XXH3_64bits(text.data(), text.size())};
  documents_[index].append({reinterpret_cast<const char*>(&document), sizeof(document)});
  if (width_ == 1) append_ids<std::uint8_t>(tokens_[index], tokens);
  if (width_ == 2) append_ids<std::uint16_t>(tokens_[index], tokens);
  if (width_ == 4) append_ids<std::uint32_t>(tokens_[index], tokens);
  if (part == Part::Report) report_text_.append(text);
}

void TokenFileWriter::publish() {
  TokenFileHeader header{};
  std::memcpy(header.magic, kTokenFileMagic, sizeof(kTokenFileMagic));
  header.version = kTokenFileVersion;
  header.byte_order = kTokenFileByteOrder;
  header.token_width = width_;
  header.vocabulary = static_cast<std::uint64_t>(description_.vocabulary);
  for (std::size_t part = 0; part < 3; ++part) {
    header.documents += documents_[part].size() / sizeof(TokenDocument);
    header.tokens[part] = tokens_[part].size() / width_;
  }
  header.tokenizer_bytes = description_.tokenizer.size();
  header.model_bytes = description_.tokenizer_model.size();
  header.text_bytes = report_text_.size();
  header.tokenizer_hash = description_.tokenizer_hash;
  header.source_hash = description_.source_hash;

  SummedFile file(path_);
  const std::string_view head(reinterpret_cast<const char*>(&header), sizeof(header));
  file.sum(head.substr(0, offsetof(TokenFileHeader, checksum)));
  file.write_unsummed(head);
  for (SpillFile& documents : documents_) copy(documents, file);
  file.write(description_.tokenizer);
  file.write(description_.tokenizer_model);
  copy(report_text_, file);
  const std::uint64_t before = sizeof(header) + header.documents * sizeof(TokenDocument) +
                               header.tokenizer_bytes + header.model_bytes + header.text_bytes;
  file.write(std::string(token_file_aligned(before) - before, '\0'));
  for (SpillFile& tokens : tokens_) copy(tokens, file);
  const std::uint64_t checksum = file.checksum();
  file.overwrite_unsummed(offsetof(TokenFileHeader, checksum),
                          {reinterpret_cast<const char*>(&checksum), sizeof(checksum)});
  file.commit();
}

}  // namespace isoloss
