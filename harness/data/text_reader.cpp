#include "harness/data/text_reader.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;

gzFile file_of(void* stream) { return static_cast<gzFile>(stream); }

}  // namespace

TextReader::TextReader(std::string file) : file_(std::move(file)) {
  errno = 0;
  if (!std::filesystem::is_directory(file_)) stream_ = ::gzopen(file_.c_str(), "rb");
  if (stream_ == nullptr)
    throw InputError(fmt::format("cannot read {} ({}); check the path and its permissions", file_,
                                 errno == 0 ? "it is not a file" : std::strerror(errno)));
  ::gzbuffer(file_of(stream_), static_cast<unsigned>(kReadBytes));
  if (!file_.ends_with(".gz") || std::filesystem::file_size(file_) == 0) return;
  if (::gzdirect(file_of(stream_)) == 1) {
    ::gzclose_r(file_of(stream_));
    throw InputError(
        fmt::format("{} is no gzip (it does not begin as one); fetch it again, or "
                    "remove .gz from its name where it is plain text",
                    file_));
  }
}

TextReader::~TextReader() { ::gzclose_r(file_of(stream_)); }

bool TextReader::fill() {
  block_.resize(kReadBytes);
  at_ = 0;
  const int count = ::gzread(file_of(stream_), block_.data(), static_cast<unsigned>(kReadBytes));
  block_.resize(static_cast<std::size_t>(std::max(count, 0)));
  int code = Z_OK;
  const char* why = ::gzerror(file_of(stream_), &code);
  if (code == Z_ERRNO) why = std::strerror(errno);
  if (code == Z_BUF_ERROR) why = "it ends in the middle of its compressed text";
  if (code != Z_OK && code != Z_STREAM_END)
    throw InputError(
        fmt::format("{} is torn or damaged ({}); fetch it again and compare its checksum with the "
                    "publisher's",
                    file_, why));
  return !block_.empty();
}

bool TextReader::next_line(std::string& line) {
  line.clear();
  bool any = false;
  while (at_ < block_.size() || fill()) {
    any = true;
    const std::size_t end = std::min(block_.find('\n', at_), block_.size());
    line.append(block_, at_, end - at_);
    at_ = std::min(end + 1, block_.size());
    if (end == block_.size()) continue;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
  }
  return any;
}

std::string TextReader::rest() {
  std::string text;
  while (at_ < block_.size() || fill()) {
    text.append(block_, at_);
    at_ = block_.size();
  }
  return text;
}

std::uint64_t TextReader::position() const {
  return static_cast<std::uint64_t>(std::max<z_off_t>(0, ::gzoffset(file_of(stream_))));
}

}  // namespace isoloss
