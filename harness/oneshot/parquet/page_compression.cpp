#include "harness/oneshot/parquet/page_compression.h"

#include <fmt/format.h>

#include "harness/oneshot/parquet/byte_cursor.h"
#include "model/spec/error.h"

#ifdef ISOLOSS_SNAPPY
#include <snappy-c.h>
#endif
#ifdef ISOLOSS_ZLIB
#include <zlib.h>
#endif
#ifdef ISOLOSS_ZSTD
#include <zstd.h>
#endif

namespace isoloss {
namespace {

// Each fills `page` and says whether it was filled whole and nothing was left over.
using Unpack = bool (*)(std::string_view bytes, std::string& page);

#ifdef ISOLOSS_SNAPPY
bool snappy_page(std::string_view bytes, std::string& page) {
  std::size_t size = 0;
  if (snappy_uncompressed_length(bytes.data(), bytes.size(), &size) != SNAPPY_OK) return false;
  return size == page.size() &&
         snappy_uncompress(bytes.data(), bytes.size(), page.data(), &size) == SNAPPY_OK;
}
#else
constexpr Unpack snappy_page = nullptr;
#endif

#ifdef ISOLOSS_ZLIB
bool gzip_page(std::string_view bytes, std::string& page) {
  constexpr int kGzipOrZlib = 15 + 32;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(page.data());
  stream.avail_out = static_cast<uInt>(page.size());
  const bool ended = inflate(&stream, Z_FINISH) == Z_STREAM_END;
  inflateEnd(&stream);
  return ended && stream.avail_out == 0 && stream.avail_in == 0;
}
#else
constexpr Unpack gzip_page = nullptr;
#endif

#ifdef ISOLOSS_ZSTD
bool zstd_page(std::string_view bytes, std::string& page) {
  return ZSTD_decompress(page.data(), page.size(), bytes.data(), bytes.size()) == page.size();
}
#else
constexpr Unpack zstd_page = nullptr;
#endif

// By parquet's numbers (enum CompressionCodec of parquet.thrift).
constexpr struct {
  const char* name;
  Unpack unpack;
  const char* package;  // absent: not read by any build
} kCodecs[] = {{"none", nullptr, nullptr},
               {"Snappy", snappy_page, "libsnappy-dev"},
               {"gzip", gzip_page, "zlib1g-dev"},
               {"LZO", nullptr, nullptr},
               {"Brotli", nullptr, nullptr},
               {"LZ4", nullptr, nullptr},
               {"Zstandard", zstd_page, "libzstd-dev"},
               {"LZ4", nullptr, nullptr}};

}  // namespace

std::string unpacked_page(std::string_view bytes, std::int64_t codec, std::size_t size,
                          const std::string& place) {
  if (codec < 0 || codec >= std::ssize(kCodecs))
    damaged_parquet(place, fmt::format("compression {} of 0 to {}", codec, std::size(kCodecs) - 1));
  const auto& [name, unpack, package] = kCodecs[codec];
  if (codec == 0) {
    if (bytes.size() != size)
      damaged_parquet(place, fmt::format("a page of {} bytes that says {}", bytes.size(), size));
    return std::string(bytes);
  }
  if (package == nullptr)
    throw InputError(fmt::format(
        "{}: packed by {} (Snappy, gzip, Zstandard and plain pages are read); write it anew with "
        "one of those, or export the data set as JSON lines",
        place, name));
  if (unpack == nullptr)
    throw InputError(fmt::format(
        "{}: packed by {} (its library was missing when isoloss was built); install {}, configure "
        "and build again, or export the data set as JSON lines",
        place, name, package));
  std::string page(size, '\0');
  if (!unpack(bytes, page))
    damaged_parquet(place,
                    fmt::format("a page that {} does not unpack to its {} bytes", name, size));
  return page;
}

}  // namespace isoloss
