// Which packages the build of a test lacks, for which it is skipped:
//   if (const auto missing = missing_packages({kSnappy}); !missing.empty()) GTEST_SKIP() <<
//   missing;
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/oneshot/parquet/page_compression.h"

namespace isoloss {

// By parquet.thrift's enum CompressionCodec.
inline constexpr std::int64_t kSnappy = 1, kGzip = 2, kZstandard = 6;

// Empty where all that pages of these compressions take was there.
inline std::string missing_packages(const std::vector<std::int64_t>& codecs) {
  std::string missing;
  for (const std::int64_t codec : codecs) {
    const std::string package = package_missing_for(codec);
    if (!package.empty()) missing += (missing.empty() ? "built without " : ", ") + package;
  }
  return missing;
}

// The same of a sample by the compression that its name ends with.
inline std::string missing_packages(std::string_view sample) {
  if (sample.ends_with("snappy")) return missing_packages({kSnappy});
  if (sample.ends_with("gzip")) return missing_packages({kGzip});
  if (sample.ends_with("zstd")) return missing_packages({kZstandard});
  return "";
}

}  // namespace isoloss
