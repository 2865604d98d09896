#include "results/file_seal.h"

#include <xxhash.h>

#include "results/unread_error.h"

namespace isoloss {

namespace {

constexpr std::string_view kSealMagic = "isolrun\n";
constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n";
constexpr std::size_t kSealBytes = 32;

void append_little_endian(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i)
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
}

std::uint64_t little_endian_at(std::string_view bytes, std::size_t offset, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i);
  return value;
}

}  // namespace

void append_u32(std::string& bytes, std::uint32_t value) { append_little_endian(bytes, value, 4); }
void append_u64(std::string& bytes, std::uint64_t value) { append_little_endian(bytes, value, 8); }

std::uint32_t u32_at(std::string_view bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(little_endian_at(bytes, offset, 4));
}

std::uint64_t u64_at(std::string_view bytes, std::size_t offset) {
  return little_endian_at(bytes, offset, 8);
}

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string sealed(std::string image) {
  const std::uint64_t length = image.size();
  image += kSealMagic;
  append_u32(image, kRunFileVersion);
  append_u32(image, 0);
  append_u64(image, length);
  append_u64(image, checksum(image));
  return image;
}

std::span<const char> unsealed(std::string_view content, const std::filesystem::path& path) {
  const auto reject = [&](const std::string& reason, const std::string& advice) -> void {
    throw InputError("cannot read " + path.string() + " (" + reason + "); " + advice);
  };
  if (!content.starts_with(kHdf5Signature))
    reject("it is no HDF5 file", "give a file that isoloss wrote, or remove it and run again");
  const std::size_t length = content.size() < kSealBytes ? 0 : content.size() - kSealBytes;
  if (length == 0 || content.substr(length, kSealMagic.size()) != kSealMagic)
    reject("cut short, changed by another program, or not written by isoloss",
           "remove it and run again");
  const std::uint32_t version = u32_at(content, length + 8);
  if (checksum(content.substr(0, content.size() - 8)) != u64_at(content, content.size() - 8) ||
      u64_at(content, length + 16) != length)
    reject("its checksum does not match: it is damaged", "remove it and run again");
  if (version != kRunFileVersion)
    throw UnreadError("cannot read " + path.string() + " (format version " +
                      std::to_string(version) + ", this program reads " +
                      std::to_string(kRunFileVersion) +
                      "); read it with the version of isoloss that wrote it");
  return {content.data(), length};
}

}  // namespace isoloss
