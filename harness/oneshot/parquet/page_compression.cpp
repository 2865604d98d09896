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
// A page may be several gzip members one behind the other, which unpack to what theirs make
// together (RFC 1952, section 2.2; Compression.md, "GZIP"). One zlib stream is read too (RFC 1950).
bool gzip_page(std::string_view bytes, std::string& page) {
  constexpr int kGzipOrZlib = 15 + 32;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(page.data());
  stream.avail_out = static_cast<uInt>(page.size());
  bool ended = inflate(&stream, Z_FINISH) == Z_STREAM_END;
  while (ended && stream.avail_in > 0)
    ended = bytes.substr(bytes.size() - stream.avail_in).starts_with("\x1F\x8B") &&
            inflateReset(&stream) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END;
  inflateEnd(&stream);
  return ended && stream.avail_out == 0;
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
  // The most bytes that one unpacks to: Snappy copies 64 by three, deflate 258 by two bits, and a
  // run of Zstandard's is a block of 128 KiB in four bytes.
  std::size_t most = 0;
} kCodecs[] = {{"none", nullptr, nullptr},
               {"Snappy", snappy_page, "libsnappy-dev", 22},
               {"gzip", gzip_page, "zlib1g-dev", 1032},
               {"LZO", nullptr, nullptr},
               {"Brotli", nullptr, nullptr},
               {"LZ4", nullptr, nullptr},
               {"Zstandard", zstd_page, "libzstd-dev", 32768},
               {"LZ4", nullptr, nullptr}};

}  // namespace

std::string unpacked_page(std::string_view bytes, std::int64_t codec, std::size_t size,
                          const std::string& place) {
  if (codec < 0 || codec >= std::ssize(kCodecs))
    damaged_parquet(place, fmt::format("compression {} of 0 to {}", codec, std::size(kCodecs) - 1));
  const auto& [name, unpack, package, most] = kCodecs[codec];
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
  std::string page;
  if (size / most <= bytes.size()) {
    page.resize(size);
    if (unpack(bytes, page)) return page;
  }
  damaged_parquet(place, fmt::format("a page that {} does not unpack to its {} bytes", name, size));
}

std::string package_missing_for(std::int64_t codec) {
  const auto& [name, unpack, package, most] = kCodecs[codec];
  return package != nullptr && unpack == nullptr ? package : "";
}

}  // namespace isoloss
