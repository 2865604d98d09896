// The fields of a record by the names that publishers and exports give them, with messages that say
// where one is missing or of another kind.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/oneshot/datasets/record_file.h"

namespace isoloss {

// Names of one field, the first that is there counts.
using FieldNames = std::initializer_list<const char*>;

class RecordFields {
 public:
  // `record` outlives it.
  explicit RecordFields(const DataRecord& record) : RecordFields(record.value, record.place) {}
  // InputError where `object` is none.
  RecordFields(const nlohmann::json& object, std::string place);

  bool has(FieldNames names) const { return find(names) != nullptr; }
  // InputError: none of the names is there.
  const nlohmann::json& value(FieldNames names) const;
  // Text, or a number or truth value as text. InputError: missing or of another kind.
  std::string text(FieldNames names) const;
  std::string text_or(FieldNames names, const std::string& otherwise) const;
  // An array of text.
  std::vector<std::string> texts(FieldNames names) const;
  // A whole number, or a text of one.
  std::int64_t whole(FieldNames names) const;
  // true, false, 0, 1, or a text of one of them (T and F too).
  bool truth(FieldNames names) const;
  // Which of `known` the field says, by its text or by its number in the list.
  std::string label(FieldNames names, const std::vector<std::string>& known) const;
  // A whole number that counts the choices from `first`, as an index from 0 below `choices`.
  std::int64_t choice(FieldNames names, std::int64_t first, std::size_t choices) const;
  RecordFields part(FieldNames names) const;
  // An array of objects.
  std::vector<RecordFields> parts(FieldNames names) const;

  const std::string& place() const { return place_; }
  // InputError `PLACE: problem; fetch the file again`.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  const nlohmann::json* find(FieldNames names) const;
  [[noreturn]] void fail_kind(FieldNames names, const char* wanted) const;

  const nlohmann::json& object_;
  std::string place_;
};

}  // namespace isoloss
