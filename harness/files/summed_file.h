// A file that is written once from its start to its end while its checksum is taken: nothing stands
// under its name before it is committed, and it is removed unless it is. WorkError naming the file
// where writing fails.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

namespace isoloss {

class SummedFile {
 public:
  explicit SummedFile(const std::filesystem::path& path);  // makes missing folders
  ~SummedFile();
  SummedFile(const SummedFile&) = delete;
  SummedFile& operator=(const SummedFile&) = delete;

  // Appends and sums.
  void write(std::string_view bytes);
  // Appends, or overwrites at `place`, what the checksum leaves out; and the other way round.
  void write_unsummed(std::string_view bytes);
  void overwrite_unsummed(std::uint64_t place, std::string_view bytes);
  void sum(std::string_view bytes);
  // XXH3-64 of what was summed so far.
  std::uint64_t checksum() const;
  // Durable under its name.
  void commit();

 private:
  struct Open;
  std::unique_ptr<Open> open_;
};

}  // namespace isoloss
