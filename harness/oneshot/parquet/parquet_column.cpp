#include "harness/oneshot/parquet/parquet_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <boost/crc.hpp>
#include <iterator>
#include <optional>
#include <utility>

#include "harness/oneshot/parquet/page_compression.h"
#include "harness/oneshot/parquet/parquet_values.h"
#include "harness/oneshot/parquet/run_lengths.h"
#include "harness/oneshot/parquet/thrift_compact.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using nlohmann::json;

// enum PageType
constexpr std::int64_t kDataPage = 0, kIndexPage = 1, kDictionaryPage = 2, kDataPage2 = 3;

// enum Encoding; the numbers that are missing were never released.
constexpr std::int64_t kPlain = 0, kPlainDictionary = 2, kRunLengths = 3, kDictionaryIndices = 8;
constexpr const char* kEncodings[] = {"PLAIN",
                                      "1",
                                      "PLAIN_DICTIONARY",
                                      "RLE",
                                      "BIT_PACKED",
                                      "DELTA_BINARY_PACKED",
                                      "DELTA_LENGTH_BYTE_ARRAY",
                                      "DELTA_BYTE_ARRAY",
                                      "RLE_DICTIONARY",
                                      "BYTE_STREAM_SPLIT"};

[[noreturn]] void refuse_encoding(const std::string& place, std::int64_t encoding) {
  if (encoding < 0 || encoding >= std::ssize(kEncodings))
    damaged_parquet(place, fmt::format("encoding {}", encoding));
  throw InputError(fmt::format(
      "{}: encoded as {} (PLAIN, RLE and dictionaries are read); write it anew with those, or "
      "export the data set as JSON lines",
      place, kEncodings[encoding]));
}

class ColumnReader {
 public:
  ColumnReader(const ParquetChunk& chunk, const ParquetLeaf& leaf, const std::string& file)
      : chunk_(chunk),
        leaf_(leaf),
        place_(fmt::format("{} (column '{}')", file, leaf.path)),
        pages_(chunk.pages, place_) {}

  ParquetColumn read() {
    if (chunk_.type != leaf_.stored_type)
      damaged_parquet(place_, "its values are of another type than the schema says");
    while (std::ssize(column_.definition) < chunk_.values) read_page();
    return std::move(column_);
  }

 private:
  void read_page() {
    const ThriftValue value = read_thrift(pages_);
    const ThriftFields head(value, "page head", place_);
    const std::int64_t size = head.count(2);
    if (size > chunk_.unpacked_bytes)
      damaged_parquet(
          place_, fmt::format("a page of {} bytes in a column of {}", size, chunk_.unpacked_bytes));
    const std::string_view bytes = pages_.take(static_cast<std::uint64_t>(head.count(3)));
    if (head.has(4)) {
      boost::crc_32_type sum;
      sum.process_bytes(bytes.data(), bytes.size());
      if (sum.checksum() != static_cast<std::uint32_t>(head.number(4)))
        damaged_parquet(place_, "a page's checksum does not match");
    }
    switch (head.number(1)) {
      case kDataPage:
        return data_page(head.part(5, "data page head"), bytes, static_cast<std::size_t>(size));
      case kIndexPage:
        return;
      case kDictionaryPage:
        return dictionary_page(head.part(7, "dictionary page head"), bytes,
                               static_cast<std::size_t>(size));
      case kDataPage2:
        return data_page_2(head.part(8, "data page head"), bytes, static_cast<std::size_t>(size));
      default:
        damaged_parquet(place_, fmt::format("a page of the unknown type {}", head.number(1)));
    }
  }

  void dictionary_page(const ThriftFields& head, std::string_view bytes, std::size_t size) {
    if (dictionary_) damaged_parquet(place_, "two dictionaries");
    const std::int64_t encoding = head.number(2);
    if (encoding != kPlain && encoding != kPlainDictionary) refuse_encoding(place_, encoding);
    const std::string page = unpacked_page(bytes, chunk_.codec, size, place_);
    ByteCursor cursor(page, place_);
    dictionary_ = plain_values(cursor, leaf_, static_cast<std::size_t>(head.count(1)));
  }

  void data_page(const ThriftFields& head, std::string_view bytes, std::size_t size) {
    const std::size_t entries = entries_of(head);
    if (leaf_.repetition > 0 && head.number(4) != kRunLengths)
      refuse_encoding(place_, head.number(4));
    if (leaf_.definition > 0 && head.number(3) != kRunLengths)
      refuse_encoding(place_, head.number(3));
    const std::string page = unpacked_page(bytes, chunk_.codec, size, place_);
    ByteCursor cursor(page, place_);
    const auto part = [&](int most) {
      return most == 0 ? std::string_view() : cursor.take(cursor.number(4));
    };
    append_levels(column_.repetition, part(leaf_.repetition), leaf_.repetition, entries);
    append_levels(column_.definition, part(leaf_.definition), leaf_.definition, entries);
    append_values(cursor, head.number(2), entries);
  }

  // Here the levels lie before the packed bytes, and their sizes in the head.
  void data_page_2(const ThriftFields& head, std::string_view bytes, std::size_t size) {
    const std::size_t entries = entries_of(head);
    ByteCursor stored(bytes, place_);
    const auto levels = static_cast<std::size_t>(head.count(5) + head.count(6));
    append_levels(column_.repetition, stored.take(static_cast<std::uint64_t>(head.count(6))),
                  leaf_.repetition, entries);
    append_levels(column_.definition, stored.take(static_cast<std::uint64_t>(head.count(5))),
                  leaf_.definition, entries);
    if (levels > size) damaged_parquet(place_, "a page that is smaller than its levels");
    const bool packed = head.number_or(7, 1) != 0 && stored.left() > 0;
    const std::string page =
        unpacked_page(stored.take(stored.left()), packed ? chunk_.codec : 0, size - levels, place_);
    ByteCursor cursor(page, place_);
    append_values(cursor, head.number(4), entries);
  }

  std::size_t entries_of(const ThriftFields& head) const {
    const std::int64_t entries = head.count(1);
    if (entries > chunk_.values - std::ssize(column_.definition))
      damaged_parquet(place_, "more values than its column says");
    return static_cast<std::size_t>(entries);
  }

  void append_levels(std::vector<std::uint8_t>& levels, std::string_view bytes, int most,
                     std::size_t entries) const {
    if (most == 0) {
      levels.resize(levels.size() + entries);
      return;
    }
    ByteCursor cursor(bytes, place_);
    const auto bits = static_cast<unsigned>(std::bit_width(static_cast<unsigned>(most)));
    for (const std::uint32_t level : run_lengths(cursor, bits, entries)) {
      if (level > static_cast<std::uint32_t>(most))
        damaged_parquet(place_, fmt::format("a level {} of 0 to {}", level, most));
      levels.push_back(static_cast<std::uint8_t>(level));
    }
  }

  // Values of the last `entries` entries.
  void append_values(ByteCursor& cursor, std::int64_t encoding, std::size_t entries) {
    const auto count = static_cast<std::size_t>(
        std::count(column_.definition.end() - static_cast<std::ptrdiff_t>(entries),
                   column_.definition.end(), static_cast<std::uint8_t>(leaf_.definition)));
    std::vector<json>& values = column_.values;
    if (encoding == kPlainDictionary || encoding == kDictionaryIndices) {
      if (count == 0) return;
      if (!dictionary_) damaged_parquet(place_, "a page of indices without a dictionary");
      const unsigned bits = cursor.byte();
      for (const std::uint32_t index : run_lengths(cursor, bits, count)) {
        if (index >= dictionary_->size())
          damaged_parquet(
              place_, fmt::format("value {} of a dictionary of {}", index, dictionary_->size()));
        values.push_back((*dictionary_)[index]);
      }
      return;
    }
    const bool runs = encoding == kRunLengths && leaf_.type == ParquetType::Boolean;
    if (!runs && encoding != kPlain) refuse_encoding(place_, encoding);
    if (count == 0) return;
    std::vector<json> more =
        runs ? run_length_booleans(cursor, count) : plain_values(cursor, leaf_, count);
    std::move(more.begin(), more.end(), std::back_inserter(values));
  }

  const ParquetChunk& chunk_;
  const ParquetLeaf& leaf_;
  std::string place_;
  ByteCursor pages_;
  std::optional<std::vector<json>> dictionary_;
  ParquetColumn column_;
};

}  // namespace

ParquetColumn read_parquet_column(const ParquetChunk& chunk, const ParquetLeaf& leaf,
                                  const std::string& file) {
  return ColumnReader(chunk, leaf, file).read();
}

}  // namespace isoloss
