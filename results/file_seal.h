// The 32 bytes after the HDF5 bytes of a run file or a file of scores, by which a file that was cut
// short, changed or never ours is told before HDF5 parses a byte of it. HDF5 ignores what follows
// its own end; the attribute `format` inside says which of the two it is.
//   8 bytes "isolrun\n"; uint32 format version; uint32 0; uint64 length of the HDF5 bytes;
//   uint64 XXH3-64 of everything before it. Little-endian.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace isoloss {

inline constexpr std::uint32_t kRunFileVersion = 1;

// `image` with the seal behind it.
std::string sealed(std::string image);

// The HDF5 bytes inside `content`; InputError naming `path` where the seal is missing or does not
// match, UnreadError where it is of another version.
std::span<const char> unsealed(std::string_view content, const std::filesystem::path& path);

// Little-endian integers at the end of `bytes` and at an offset that must lie inside.
void append_u32(std::string& bytes, std::uint32_t value);
void append_u64(std::string& bytes, std::uint64_t value);
std::uint32_t u32_at(std::string_view bytes, std::size_t offset);
std::uint64_t u64_at(std::string_view bytes, std::size_t offset);

// XXH3-64 of `bytes`.
std::uint64_t checksum(std::string_view bytes);

}  // namespace isoloss
