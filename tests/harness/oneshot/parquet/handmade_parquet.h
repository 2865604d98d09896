// Parquet files of one required column, byte by byte: Thrift's compact protocol
// (thrift-compact-protocol.md) with the field numbers of parquet-format's parquet.thrift.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7F));
  return bytes + static_cast<char>(value);
}
inline std::string zigzag(std::int64_t value) {
  return varint(static_cast<std::uint64_t>(value) << 1);  // of what is not negative
}
inline std::string with_length(std::string_view text) {
  return varint(text.size()) + std::string(text);
}
inline std::string four_bytes(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

// A struct's fields by ascending numbers.
class ThriftBytes {
 public:
  ThriftBytes& int32(int id, std::int64_t value) { return field(id, 5, zigzag(value)); }
  ThriftBytes& int64(int id, std::int64_t value) { return field(id, 6, zigzag(value)); }
  ThriftBytes& text(int id, std::string_view value) { return field(id, 8, with_length(value)); }
  ThriftBytes& part(int id, const ThriftBytes& value) { return field(id, 12, value.whole()); }
  ThriftBytes& list(int id, int type, const std::vector<std::string>& values) {
    std::string bytes(1, static_cast<char>(values.size() << 4 | static_cast<unsigned>(type)));
    for (const std::string& value : values) bytes += value;
    return field(id, 9, bytes);
  }
  std::string whole() const { return bytes_ + '\0'; }

 private:
  ThriftBytes& field(int id, int type, const std::string& value) {
    bytes_ += static_cast<char>((id - last_) << 4 | type);
    bytes_ += value;
    last_ = id;
    return *this;
  }

  std::string bytes_;
  int last_ = 0;
};

constexpr std::int64_t kInt32Column = 1, kBytesColumn = 6;  // enum Type
constexpr std::int64_t kPlainValues = 0, kDictionaryIndices = 8;

struct HandmadePage {
  bool dictionary = false;
  std::int64_t values = 0;  // as the page says
  std::int64_t encoding = kPlainValues;
  std::string bytes;
};

// A file of the pages, unpacked, that says it has `rows` rows. `converted`: the column's
// ConvertedType, none below 0.
inline std::string handmade_parquet(std::int64_t type, std::int64_t rows,
                                    const std::vector<HandmadePage>& pages, int converted = -1) {
  std::string chunk;
  for (const HandmadePage& page : pages) {
    const auto size = static_cast<std::int64_t>(page.bytes.size());
    ThriftBytes head, of_kind;
    head.int32(1, page.dictionary ? 2 : 0).int32(2, size).int32(3, size);
    of_kind.int32(1, page.values).int32(2, page.encoding);
    if (!page.dictionary) of_kind.int32(3, 3).int32(4, 3);
    head.part(page.dictionary ? 7 : 5, of_kind);
    chunk += head.whole() + page.bytes;
  }
  const auto size = static_cast<std::int64_t>(chunk.size());
  ThriftBytes column, stored, group, root, leaf, footer;
  column.int32(1, type).list(2, 5, {zigzag(kPlainValues)}).list(3, 8, {with_length("c")});
  column.int32(4, 0).int64(5, rows).int64(6, size).int64(7, size).int64(9, 4);
  stored.int64(2, 4).part(3, column);
  group.list(1, 12, {stored.whole()}).int64(2, size).int64(3, rows);
  root.text(4, "schema").int32(5, 1);
  leaf.int32(1, type).int32(3, 0).text(4, "c");
  if (converted >= 0) leaf.int32(6, converted);
  footer.int32(1, 1).list(2, 12, {root.whole(), leaf.whole()}).int64(3, rows);
  footer.list(4, 12, {group.whole()});
  const std::string end = footer.whole();
  return "PAR1" + chunk + end + four_bytes(static_cast<std::uint32_t>(end.size())) + "PAR1";
}

}  // namespace isoloss
