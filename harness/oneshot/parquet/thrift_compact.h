// What parquet writes its metadata in: structs of Thrift's compact protocol
// (github.com/apache/thrift, doc/specs/thrift-compact-protocol.md), read without a schema: a field
// that nobody asks for is passed over.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/oneshot/parquet/byte_cursor.h"

namespace isoloss {

enum class ThriftKind { Number, Real, Bytes, List, Struct };

struct ThriftValue {
  ThriftKind kind = ThriftKind::Struct;
  int id = 0;                   // of a struct's field
  std::int64_t number = 0;      // whole numbers, enumerators, truth values
  std::string_view bytes = {};  // into what was read
  // Of a list or a map (key, value, key, ...); a struct's fields.
  std::vector<ThriftValue> elements = {};
};

// The struct that begins at the cursor, which then stands behind it. InputError where it is none.
ThriftValue read_thrift(ByteCursor& cursor);

// A struct's fields by their numbers. InputErrors name the struct and the field.
class ThriftFields {
 public:
  // `value` outlives it. InputError where it is no struct.
  ThriftFields(const ThriftValue& value, const char* name, std::string place);

  bool has(int id) const { return find(id) != nullptr; }
  std::int64_t number(int id) const;
  std::int64_t number_or(int id, std::int64_t otherwise) const;
  // A number that counts something: from 0 to 2^31 - 1, or to 2^62 where it counts a file's bytes.
  std::int64_t count(int id, std::int64_t most = INT32_MAX) const;
  std::string_view bytes(int id) const;
  const std::vector<ThriftValue>& list(int id) const;
  ThriftFields part(int id, const char* name) const;

 private:
  const ThriftValue* find(int id) const;
  const ThriftValue& needed(int id, ThriftKind kind) const;

  const ThriftValue& value_;
  const char* name_;
  std::string place_;
};

}  // namespace isoloss
