#include "harness/data/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "harness/data/token_file_layout.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Everything but the checksum itself.
std::uint64_t checksum_of(const unsigned char* bytes, std::size_t size) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_64bits_reset(state);
  XXH3_64bits_update(state, bytes, offsetof(TokenFileHeader, checksum));
  XXH3_64bits_update(state, bytes + sizeof(TokenFileHeader), size - sizeof(TokenFileHeader));
  const std::uint64_t hash = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  return hash;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw InputError(
      fmt::format("{} is no whole token file ({}); delete it and prepare the tokens again "
                  "(a study does so by itself when it is run)",
                  path.string(), why));
}

// Size of the file that a header describes; 0 where its counts cannot be true of `size` bytes.
std::uint64_t described_size(const TokenFileHeader& header, std::uint64_t size) {
  const std::uint64_t counts[] = {
      header.documents,   header.tokens[0],  header.tokens[1],       header.tokens[2],
      header.model_bytes, header.text_bytes, header.tokenizer_bytes, 0};
  if (*std::max_element(std::begin(counts), std::end(counts)) > size) return 0;
  const std::uint64_t before = sizeof(TokenFileHeader) + header.documents * sizeof(TokenDocument) +
                               header.tokenizer_bytes + header.model_bytes + header.text_bytes;
  return token_file_aligned(before) +
         header.token_width * (header.tokens[0] + header.tokens[1] + header.tokens[2]);
}

TokenFileHeader checked_header(const std::filesystem::path& path,
                               std::span<const unsigned char> map) {
  TokenFileHeader header{};
  std::memcpy(&header, map.data(), std::min(map.size(), sizeof(TokenFileHeader)));
  if (map.size() < sizeof(kTokenFileMagic) ||
      std::memcmp(header.magic, kTokenFileMagic, sizeof(kTokenFileMagic)) != 0)
    throw InputError(fmt::format(
        "{} is no token file (it does not begin with ISOLTOK); name a folder that `isoloss data "
        "prepare` wrote, or delete the file if it lies in a study folder",
        path.string()));
  if (map.size() < sizeof(TokenFileHeader))
    refuse(path, fmt::format("it ends within its header, after {} bytes", map.size()));
  if (header.byte_order != kTokenFileByteOrder)
    refuse(path, "it was written in another byte order");
  if (header.version != kTokenFileVersion)
    refuse(path, fmt::format("it has version {}, this program reads {}", header.version,
                             kTokenFileVersion));
  if (header.token_width != 1 && header.token_width != 2 && header.token_width != 4)
    refuse(path, fmt::format("its tokens are {} bytes wide", header.token_width));
  if (described_size(header, map.size()) != map.size())
    refuse(path,
           fmt::format("its {} bytes are not the number that its header tells of", map.size()));
  if (checksum_of(map.data(), map.size()) != header.checksum)
    refuse(path, "its checksum differs from its content");
  if (header.vocabulary == 0 || header.vocabulary > std::uint64_t{kMostVocabulary})
    refuse(path, fmt::format("its vocabulary is {}", header.vocabulary));
  return header;
}

template <class Id>
void copy_ids(const unsigned char* from, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Id id;
    std::memcpy(&id, from + i * sizeof(Id), sizeof(Id));
    out[i] = static_cast<std::int32_t>(id);
  }
}

}  // namespace

TokenFile::TokenFile(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    throw InputError(fmt::format("cannot open token file {} ({}); prepare the tokens first",
                                 path.string(), std::strerror(errno)));
  struct stat status {};
  const bool regular = ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  const std::size_t size = regular ? static_cast<std::size_t>(status.st_size) : 0;
  void* map = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  ::close(file);
  if (map == MAP_FAILED) refuse(path, size == 0 ? "it is empty" : std::strerror(errno));
  map_ = {static_cast<const unsigned char*>(map), size};
  try {
    parse(path);
    check_ids(path);
  } catch (...) {
    ::munmap(map, size);
    throw;
  }
}

TokenFile::~TokenFile() {
  if (!map_.empty()) ::munmap(const_cast<unsigned char*>(map_.data()), map_.size());
}

TokenFile::TokenFile(TokenFile&& other) noexcept
    : map_(std::exchange(other.map_, {})),
      vocabulary_(other.vocabulary_),
      tokenizer_hash_(other.tokenizer_hash_),
      source_hash_(other.source_hash_),
      checksum_(other.checksum_),
      width_(other.width_),
      tokenizer_(other.tokenizer_),
      tokenizer_model_(other.tokenizer_model_),
      report_text_(other.report_text_),
      documents_(other.documents_) {
  std::copy(std::begin(other.counts_), std::end(other.counts_), counts_);
  std::copy(std::begin(other.parts_), std::end(other.parts_), parts_);
}

void TokenFile::parse(const std::filesystem::path& path) {
  const TokenFileHeader header = checked_header(path, map_);
  vocabulary_ = static_cast<std::int64_t>(header.vocabulary);
  tokenizer_hash_ = header.tokenizer_hash;
  source_hash_ = header.source_hash;
  checksum_ = header.checksum;
  width_ = header.token_width;

  const unsigned char* at = map_.data() + sizeof(TokenFileHeader);
  documents_ = {reinterpret_cast<const TokenDocument*>(at), header.documents};
  at += header.documents * sizeof(TokenDocument);
  const auto text = [&at](std::uint64_t size) {
    const std::string_view view(reinterpret_cast<const char*>(at), size);
    at += size;
    return view;
  };
  tokenizer_ = text(header.tokenizer_bytes);
  tokenizer_model_ = text(header.model_bytes);
  report_text_ = text(header.text_bytes);

  at = map_.data() + token_file_aligned(static_cast<std::uint64_t>(at - map_.data()));
  for (int part = 0; part < 3; ++part) {
    counts_[part] = header.tokens[part];
    parts_[part] = at;
    at += header.tokens[part] * width_;
  }
}

void TokenFile::check_ids(const std::filesystem::path& path) const {
  std::vector<std::int32_t> piece(std::size_t{1} << 16);
  for (const Part part : {Part::Training, Part::Selection, Part::Report}) {
    for (std::int64_t first = 0; first < tokens(part);) {
      const std::int64_t left = tokens(part) - first;
      const std::size_t count = std::min(piece.size(), static_cast<std::size_t>(left));
      const std::span<std::int32_t> ids(piece.data(), count);
      read(part, first, ids);
      const auto [least, most] = std::minmax_element(ids.begin(), ids.end());
      if (*least < 0 || *most >= vocabulary_)
        refuse(path, fmt::format("it holds ids past its vocabulary of {}", vocabulary_));
      first += static_cast<std::int64_t>(count);
    }
  }
}

std::int64_t TokenFile::tokens(Part part) const {
  return static_cast<std::int64_t>(counts_[static_cast<std::size_t>(part)]);
}

void TokenFile::read(Part part, std::int64_t first, std::span<std::int32_t> out) const {
  const unsigned char* from =
      parts_[static_cast<std::size_t>(part)] + static_cast<std::uint64_t>(first) * width_;
  if (width_ == 1) copy_ids<std::uint8_t>(from, out);
  if (width_ == 2) copy_ids<std::uint16_t>(from, out);
  if (width_ == 4) copy_ids<std::uint32_t>(from, out);
}

}  // namespace isoloss
