#include "harness/oneshot/parquet/thrift_compact.h"

#include <fmt/format.h>

#include <utility>

namespace isoloss {
namespace {

// Types of the compact protocol. A field's truth value is its type, an element's a byte.
constexpr unsigned kTrue = 1, kFalse = 2, kByte = 3, kInt16 = 4, kInt32 = 5, kInt64 = 6, kReal = 7,
                   kBytes = 8, kList = 9, kSet = 10, kMap = 11, kStruct = 12, kUuid = 13;

constexpr int kDeepest = 32;  // parquet's own metadata goes 8 deep

std::int64_t zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

ThriftValue struct_fields(ByteCursor& cursor, int depth);

ThriftValue thrift_value(ByteCursor& cursor, unsigned type, int depth);

ThriftValue thrift_list(ByteCursor& cursor, int depth) {
  const std::uint8_t head = cursor.byte();
  const std::uint64_t count = head >> 4 == 15 ? cursor.varint() : head >> 4;
  ThriftValue list{.kind = ThriftKind::List};
  for (std::uint64_t i = 0; i < count; ++i)
    list.elements.push_back(thrift_value(cursor, head & 15u, depth));
  return list;
}

ThriftValue thrift_map(ByteCursor& cursor, int depth) {
  ThriftValue map{.kind = ThriftKind::List};
  const std::uint64_t count = cursor.varint();
  const std::uint8_t types = count == 0 ? 0 : cursor.byte();
  for (std::uint64_t i = 0; i < count; ++i) {
    map.elements.push_back(thrift_value(cursor, types >> 4, depth));
    map.elements.push_back(thrift_value(cursor, types & 15u, depth));
  }
  return map;
}

// Takes a byte at least, so that no count makes more values than there are bytes.
ThriftValue thrift_value(ByteCursor& cursor, unsigned type, int depth) {
  if (depth > kDeepest) damaged_parquet(cursor.place(), "metadata nested too deep");
  switch (type) {
    case kTrue:
    case kFalse:
      return {.kind = ThriftKind::Number, .number = cursor.byte() == kTrue};
    case kByte:
      return {.kind = ThriftKind::Number, .number = static_cast<std::int8_t>(cursor.byte())};
    case kInt16:
    case kInt32:
    case kInt64:
      return {.kind = ThriftKind::Number, .number = zigzag(cursor.varint())};
    case kReal:
      return {.kind = ThriftKind::Real, .bytes = cursor.take(8)};
    case kBytes:
      return {.kind = ThriftKind::Bytes, .bytes = cursor.take(cursor.varint())};
    case kList:
    case kSet:
      return thrift_list(cursor, depth + 1);
    case kMap:
      return thrift_map(cursor, depth + 1);
    case kStruct:
      return struct_fields(cursor, depth + 1);
    case kUuid:
      return {.kind = ThriftKind::Bytes, .bytes = cursor.take(16)};
    default:
      damaged_parquet(cursor.place(), fmt::format("metadata of the unknown type {}", type));
  }
}

ThriftValue struct_fields(ByteCursor& cursor, int depth) {
  ThriftValue fields{.kind = ThriftKind::Struct};
  std::int64_t id = 0;
  for (std::uint8_t head = cursor.byte(); head != 0; head = cursor.byte()) {
    const unsigned type = head & 15u;
    id = head >> 4 == 0 ? zigzag(cursor.varint()) : id + (head >> 4);
    if (id < INT16_MIN || id > INT16_MAX)
      damaged_parquet(cursor.place(), fmt::format("metadata with a field {}", id));
    ThriftValue value = type == kTrue || type == kFalse
                            ? ThriftValue{.kind = ThriftKind::Number, .number = type == kTrue}
                            : thrift_value(cursor, type, depth);
    value.id = static_cast<int>(id);
    fields.elements.push_back(std::move(value));
  }
  return fields;
}

}  // namespace

ThriftValue read_thrift(ByteCursor& cursor) { return struct_fields(cursor, 0); }

ThriftFields::ThriftFields(const ThriftValue& value, const char* name, std::string place)
    : value_(value), name_(name), place_(std::move(place)) {
  if (value_.kind != ThriftKind::Struct)
    damaged_parquet(place_, fmt::format("its {} is no struct", name_));
}

const ThriftValue* ThriftFields::find(int id) const {
  for (const ThriftValue& field : value_.elements)
    if (field.id == id) return &field;
  return nullptr;
}

const ThriftValue& ThriftFields::needed(int id, ThriftKind kind) const {
  const ThriftValue* field = find(id);
  if (field == nullptr || field->kind != kind)
    damaged_parquet(place_, fmt::format("field {} of its {} is {}", id, name_,
                                        field == nullptr ? "missing" : "of another type"));
  return *field;
}

std::int64_t ThriftFields::number(int id) const { return needed(id, ThriftKind::Number).number; }

std::int64_t ThriftFields::number_or(int id, std::int64_t otherwise) const {
  return has(id) ? number(id) : otherwise;
}

std::int64_t ThriftFields::count(int id, std::int64_t most) const {
  const std::int64_t value = number(id);
  if (value < 0 || value > most)
    damaged_parquet(place_, fmt::format("field {} of its {} is {}", id, name_, value));
  return value;
}

std::string_view ThriftFields::bytes(int id) const { return needed(id, ThriftKind::Bytes).bytes; }

const std::vector<ThriftValue>& ThriftFields::list(int id) const {
  return needed(id, ThriftKind::List).elements;
}

ThriftFields ThriftFields::part(int id, const char* name) const {
  return {needed(id, ThriftKind::Struct), name, place_};
}

}  // namespace isoloss
