#include "harness/oneshot/parquet/parquet_metadata.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oneshot/parquet/thrift_compact.h"
#include "model/spec/error.h"
#include "model/spec/utf8_text.h"

namespace isoloss {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kEncryptedMagic = "PARE";
constexpr std::size_t kTail = 8;  // length of the footer, magic
constexpr std::int64_t kMostBytes = std::int64_t{1} << 62;
constexpr int kInteger = 10;  // of LogicalType
// Runs, and dictionaries of one value, hold any number of values in a few bytes. So many are read
// of a file: a bit a value, and a million besides; what has texts or numbers in it has fewer.
constexpr std::uint64_t kValuesOfAByte = 8, kValuesOfAnyFile = std::uint64_t{1} << 20;

[[noreturn]] void refuse_encrypted(const std::string& file) {
  throw InputError(file +
                   ": encrypted parquet (there is no key here); write it without encryption, or "
                   "export the data set as JSON lines");
}

std::string_view footer_of(std::string_view bytes, const std::string& file) {
  if (bytes.substr(0, 4) != kMagic && bytes.substr(0, 4) != kEncryptedMagic)
    throw InputError(file + ": no parquet (it does not begin with PAR1); fetch the file again");
  if (bytes.ends_with(kEncryptedMagic)) refuse_encrypted(file);
  if (bytes.size() < kMagic.size() + kTail || !bytes.ends_with(kMagic))
    damaged_parquet(file, "it does not end with PAR1: it is cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - kTail);
  const std::uint64_t length = ByteCursor(bytes.substr(body.size()), file).number(4);
  if (length > body.size() - kMagic.size())
    damaged_parquet(file, fmt::format("its footer says {} bytes of {}", length, bytes.size()));
  return body.substr(body.size() - length);
}

ParquetField schema_field(const ThriftValue& value, const std::string& file) {
  const ThriftFields stored(value, "schema", file);
  ParquetField field;
  field.name = stored.bytes(4);
  const bool control =
      std::ranges::any_of(field.name, [](unsigned char c) { return c < ' ' || c == 0x7F; });
  if (control || !is_utf8(field.name)) damaged_parquet(file, "a column's name is no text");
  if (stored.has(1)) field.type = stored.number(1);
  field.repetition = stored.number_or(3, 0);
  if (stored.has(5)) field.children = stored.count(5);
  if (stored.has(6)) field.converted = stored.number(6);
  if (stored.has(10)) {
    const ThriftFields logical = stored.part(10, "logical type");
    for (int kind = 1; kind <= INT8_MAX && !field.logical; ++kind)
      if (logical.has(kind)) field.logical = kind;
    if (field.logical == kInteger)
      field.is_signed = logical.part(kInteger, "integer type").number(2) != 0;
  }
  return field;
}

ParquetChunk chunk_of(const ThriftValue& value, std::string_view bytes, const std::string& file) {
  const ThriftFields stored(value, "column chunk", file);
  if (stored.has(8) || !stored.has(3)) refuse_encrypted(file);
  if (stored.has(1))
    throw InputError(file + ": its columns lie in other files (one file is wanted); write it anew");
  const ThriftFields column = stored.part(3, "column metadata");
  ParquetChunk chunk;
  chunk.type = column.number(1);
  chunk.codec = column.number(4);
  chunk.values = column.count(5, kMostBytes);
  chunk.unpacked_bytes = column.count(6, kMostBytes);
  const std::int64_t length = column.count(7, kMostBytes);
  std::int64_t begin = column.count(9, kMostBytes);
  // Some writers say 0 where there is no dictionary.
  if (const std::int64_t dictionary = column.number_or(11, 0); dictionary > 0 && dictionary < begin)
    begin = dictionary;
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (begin > size || length > size - begin)
    damaged_parquet(file, fmt::format("a column at {} with {} bytes of {}", begin, length, size));
  chunk.pages = bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(length));
  return chunk;
}

}  // namespace

ParquetFile read_parquet_footer(std::string_view bytes, const std::string& file) {
  ByteCursor cursor(footer_of(bytes, file), file);
  const ThriftValue value = read_thrift(cursor);
  const ThriftFields footer(value, "footer", file);
  if (footer.has(8)) refuse_encrypted(file);
  ParquetFile parsed;
  for (const ThriftValue& element : footer.list(2))
    parsed.schema.push_back(schema_field(element, file));
  std::int64_t rows = 0;
  std::uint64_t values = 0;
  for (const ThriftValue& element : footer.list(4)) {
    const ThriftFields stored(element, "row group", file);
    ParquetRowGroup group;
    group.rows = stored.count(3);
    for (const ThriftValue& column : stored.list(1)) {
      group.columns.push_back(chunk_of(column, bytes, file));
      values += static_cast<std::uint64_t>(group.columns.back().values);
      if (const auto most = kValuesOfAnyFile + kValuesOfAByte * bytes.size(); values > most)
        throw InputError(fmt::format(
            "{}: it says that it holds more than {} values (they would fill memory, and it has {} "
            "bytes); fetch the file again, or export the data set as JSON lines",
            file, most, bytes.size()));
    }
    rows += group.rows;
    parsed.groups.push_back(std::move(group));
  }
  if (const std::int64_t said = footer.number(3); said != rows)
    damaged_parquet(file, fmt::format("it says {} rows, its row groups {}", said, rows));
  return parsed;
}

}  // namespace isoloss
