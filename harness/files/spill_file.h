// A temporary file without a name: bytes appended, then read back, gone with the object or with the
// process. Preparation of a corpus keeps on disk in such files what need not fit into memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace isoloss {

class SpillFile {
 public:
  // Lies in the folder of `beside` (made where it is missing), whose name WorkErrors tell.
  explicit SpillFile(std::filesystem::path beside);
  ~SpillFile();
  SpillFile(SpillFile&& other) noexcept;
  SpillFile& operator=(SpillFile&&) = delete;
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  void append(std::string_view bytes);
  std::uint64_t size() const { return written_ + pending_.size(); }
  // Fills `out` with the bytes from `offset` on; they must have been appended.
  void read(std::uint64_t offset, std::span<char> out);

 private:
  void flush();

  std::filesystem::path beside_;
  int file_ = -1;
  std::uint64_t written_ = 0;
  std::string pending_;
};

}  // namespace isoloss
