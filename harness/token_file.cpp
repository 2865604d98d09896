#include "harness/token_file.h"

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
#include <utility>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr char kMagic[8] = {'I', 'S', 'O', 'L', 'T', 'O', 'K', '\n'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::uint64_t kAlignment = 64;

struct Header {
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
static_assert(sizeof(Header) == 112 && offsetof(Header, checksum) == 104);
static_assert(sizeof(TokenDocument) == 32);

std::uint64_t aligned(std::uint64_t position) {
  return (position + kAlignment - 1) / kAlignment * kAlignment;
}

// Everything but the checksum itself.
std::uint64_t checksum_of(const unsigned char* bytes, std::size_t size) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_64bits_reset(state);
  XXH3_64bits_update(state, bytes, offsetof(Header, checksum));
  XXH3_64bits_update(state, bytes + sizeof(Header), size - sizeof(Header));
  const std::uint64_t hash = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  return hash;
}

template <class Id>
void append_ids(std::string& bytes, const std::vector<std::int32_t>& ids) {
  const std::size_t start = bytes.size();
  bytes.resize(start + ids.size() * sizeof(Id));
  char* out = bytes.data() + start;
  for (const std::int32_t id : ids) {
    const Id narrow = static_cast<Id>(id);
    std::memcpy(out, &narrow, sizeof(Id));
    out += sizeof(Id);
  }
}

void append_part(std::string& bytes, std::uint32_t width, const std::vector<std::int32_t>& ids) {
  if (width == 1) append_ids<std::uint8_t>(bytes, ids);
  if (width == 2) append_ids<std::uint16_t>(bytes, ids);
  if (width == 4) append_ids<std::uint32_t>(bytes, ids);
}

std::uint32_t width_for(std::int64_t vocabulary) {
  return vocabulary <= 0x100 ? 1u : vocabulary <= 0x10000 ? 2u : 4u;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw InputError(
      fmt::format("{} is no whole token file ({}); delete it and prepare the tokens again "
                  "(a study does so by itself when it is run)",
                  path.string(), why));
}

// Size of the file that a header describes; 0 where its counts cannot be true of `size` bytes.
std::uint64_t described_size(const Header& header, std::uint64_t size) {
  const std::uint64_t counts[] = {
      header.documents,   header.tokens[0],  header.tokens[1],       header.tokens[2],
      header.model_bytes, header.text_bytes, header.tokenizer_bytes, 0};
  if (*std::max_element(std::begin(counts), std::end(counts)) > size) return 0;
  const std::uint64_t before = sizeof(Header) + header.documents * sizeof(TokenDocument) +
                               header.tokenizer_bytes + header.model_bytes + header.text_bytes;
  return aligned(before) +
         header.token_width * (header.tokens[0] + header.tokens[1] + header.tokens[2]);
}

Header checked_header(const std::filesystem::path& path, std::span<const unsigned char> map) {
  Header header{};
  std::memcpy(&header, map.data(), std::min(map.size(), sizeof(Header)));
  if (map.size() < sizeof(kMagic) || std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0)
    throw InputError(fmt::format(
        "{} is no token file (it does not begin with ISOLTOK); name a folder that `isoloss data "
        "prepare` wrote, or delete the file if it lies in a study folder",
        path.string()));
  if (map.size() < sizeof(Header))
    refuse(path, fmt::format("it ends within its header, after {} bytes", map.size()));
  if (header.byte_order != kByteOrder) refuse(path, "it was written in another byte order");
  if (header.version != kVersion)
    refuse(path, fmt::format("it has version {}, this program reads {}", header.version, kVersion));
  if (header.token_width != 1 && header.token_width != 2 && header.token_width != 4)
    refuse(path, fmt::format("its tokens are {} bytes wide", header.token_width));
  if (described_size(header, map.size()) != map.size())
    refuse(path,
           fmt::format("its {} bytes are not the number that its header tells of", map.size()));
  if (checksum_of(map.data(), map.size()) != header.checksum)
    refuse(path, "its checksum differs from its content");
  if (header.vocabulary == 0 || header.vocabulary > 0x7FFFFFFF)
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

std::string encode_token_file(const TokenFileContent& content) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.byte_order = kByteOrder;
  header.token_width = width_for(content.vocabulary);
  header.vocabulary = static_cast<std::uint64_t>(content.vocabulary);
  header.documents = content.documents.size();
  header.tokens[0] = content.training.size();
  header.tokens[1] = content.selection.size();
  header.tokens[2] = content.report.size();
  header.tokenizer_bytes = content.tokenizer.size();
  header.model_bytes = content.tokenizer_model.size();
  header.text_bytes = content.report_text.size();
  header.tokenizer_hash = content.tokenizer_hash;
  header.source_hash = content.source_hash;

  std::string bytes(sizeof(Header), '\0');
  for (const TokenDocument& document : content.documents)
    bytes.append(reinterpret_cast<const char*>(&document), sizeof(document));
  bytes += content.tokenizer;
  bytes += content.tokenizer_model;
  bytes += content.report_text;
  bytes.resize(aligned(bytes.size()), '\0');
  append_part(bytes, header.token_width, content.training);
  append_part(bytes, header.token_width, content.selection);
  append_part(bytes, header.token_width, content.report);

  std::memcpy(bytes.data(), &header, sizeof(Header));
  header.checksum = checksum_of(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  std::memcpy(bytes.data(), &header, sizeof(Header));
  return bytes;
}

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
      documents_(std::move(other.documents_)) {
  std::copy(std::begin(other.counts_), std::end(other.counts_), counts_);
  std::copy(std::begin(other.parts_), std::end(other.parts_), parts_);
}

void TokenFile::parse(const std::filesystem::path& path) {
  const Header header = checked_header(path, map_);
  vocabulary_ = static_cast<std::int64_t>(header.vocabulary);
  tokenizer_hash_ = header.tokenizer_hash;
  source_hash_ = header.source_hash;
  checksum_ = header.checksum;
  width_ = header.token_width;

  documents_.resize(header.documents);
  const unsigned char* at = map_.data() + sizeof(Header);
  if (!documents_.empty())
    std::memcpy(documents_.data(), at, header.documents * sizeof(documents_[0]));
  at += header.documents * sizeof(TokenDocument);
  const auto text = [&at](std::uint64_t size) {
    const std::string_view view(reinterpret_cast<const char*>(at), size);
    at += size;
    return view;
  };
  tokenizer_ = text(header.tokenizer_bytes);
  tokenizer_model_ = text(header.model_bytes);
  report_text_ = text(header.text_bytes);

  at = map_.data() + aligned(static_cast<std::uint64_t>(at - map_.data()));
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
