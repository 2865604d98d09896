// The compressions of parquet pages (parquet-format, Compression.md) that are unpacked: none,
// Snappy, gzip and Zstandard, each where its library was there when isoloss was built.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace isoloss {

// What `bytes` hold, `size` bytes by the page's head. `codec` is parquet's number. InputError: the
// codec is not read, or what it unpacks to is not of that size. Sizes that no such bytes unpack to
// take no memory.
std::string unpacked_page(std::string_view bytes, std::int64_t codec, std::size_t size,
                          const std::string& place);

// The package whose library would have had to be there for this build to read `codec`; empty where
// it was, or where none would do.
std::string package_missing_for(std::int64_t codec);

}  // namespace isoloss
