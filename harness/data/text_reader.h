// A text file as it is distributed, plain or gzip (of one or several members), read as a stream.
#pragma once
#include <cstdint>
#include <string>

namespace isoloss {

class TextReader {
 public:
  // InputError naming the file: missing, unreadable, no gzip though it is called .gz.
  explicit TextReader(std::string file);
  ~TextReader();
  TextReader(const TextReader&) = delete;
  TextReader& operator=(const TextReader&) = delete;

  // The next line without its end ("\n" or "\r\n"); false where the file has ended. InputError
  // where a gzip is torn or damaged.
  bool next_line(std::string& line);
  // All that has not been read yet. InputError likewise.
  std::string rest();
  // Bytes of the file as it lies on the disk that are read, for progress.
  std::uint64_t position() const;

 private:
  bool fill();

  std::string file_;
  void* stream_ = nullptr;  // zlib's gzFile
  std::string block_;
  std::size_t at_ = 0;
};

}  // namespace isoloss
