// Lists in the forms of parquet-format's LogicalTypes.md, "Lists" and its "Backward-compatibility
// rules", levels by hand.
#include "harness/oneshot/parquet/parquet_schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kRequired = 0, kOptional = 1, kRepeated = 2;
constexpr std::int64_t kText = 6, kWhole = 1;
constexpr std::int64_t kList = 3, kMap = 1;  // ConvertedType

ParquetField column(const char* name, std::int64_t repetition, std::int64_t type) {
  return {.name = name, .type = type, .repetition = repetition};
}
ParquetField group(const char* name, std::int64_t repetition, std::int64_t children) {
  return {.name = name, .repetition = repetition, .children = children};
}
ParquetField annotated(ParquetField field, std::int64_t converted) {
  field.converted = converted;
  return field;
}

// `name?` where it may be null, `[...]` of lists, `{...}` of objects, `@definition/repetition`.
std::string shown(const ParquetSchema& schema, const ParquetNode& node, int above) {
  const std::string name = node.name + (node.there > above ? "?" : "");
  std::string inside;
  for (const ParquetNode& child : node.children) {
    if (!inside.empty()) inside += ' ';
    inside += shown(schema, child, node.kind == ParquetNodeKind::List ? node.filled : node.there);
  }
  switch (node.kind) {
    case ParquetNodeKind::Value:
      return fmt::format("{}@{}/{}", name, schema.leaves[node.leaf].definition,
                         schema.leaves[node.leaf].repetition);
    case ParquetNodeKind::Object:
      return fmt::format("{}{{{}}}", name, inside);
    case ParquetNodeKind::List:
      break;
  }
  return fmt::format("{}[{}]", name, inside);
}

std::string shown(std::vector<ParquetField> fields) {
  const ParquetSchema schema = parquet_schema(fields, "a.parquet");
  return shown(schema, schema.root, 0);
}

std::string refused(std::vector<ParquetField> fields) {
  try {
    parquet_schema(fields, "a.parquet");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParquetSchemas, FieldsMayBeNullWhereTheyAreOptional) {
  EXPECT_EQ(
      shown({group("schema", kRequired, 3), column("a", kRequired, kText), group("b", kOptional, 1),
             column("c", kOptional, kWhole), column("d", kOptional, kText)}),
      "schema{a@0/0 b?{c?@2/0} d?@1/0}");
}

TEST(ParquetSchemas, ListsOfThreeLevelsWrapTheirElements) {
  EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("l", kOptional, 1), kList),
                   group("list", kRepeated, 1), column("element", kOptional, kText)}),
            "schema{l?[element?@3/1]}");
  EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("l", kRequired, 1), kList),
                   group("list", kRepeated, 1), column("element", kRequired, kText)}),
            "schema{l[element@1/1]}");
}

TEST(ParquetSchemas, ListsOfListsCountTheirLevels) {
  EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("l", kOptional, 1), kList),
                   group("list", kRepeated, 1), annotated(group("element", kOptional, 1), kList),
                   group("list", kRepeated, 1), column("element", kOptional, kText)}),
            "schema{l?[element?[element?@5/2]]}");
}

TEST(ParquetSchemas, OlderListsRepeatTheirElements) {
  EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("l", kOptional, 1), kList),
                   column("element", kRepeated, kWhole)}),
            "schema{l?[element@2/1]}");
  EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("l", kOptional, 1), kList),
                   group("element", kRepeated, 2), column("a", kRequired, kText),
                   column("b", kRequired, kWhole)}),
            "schema{l?[element{a@2/1 b@2/1}]}");
  for (const char* name : {"array", "l_tuple"})
    EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("l", kOptional, 1), kList),
                     group(name, kRepeated, 1), column("a", kRequired, kText)}),
              fmt::format("schema{{l?[{}{{a@2/1}}]}}", name));
}

TEST(ParquetSchemas, WhatRepeatsWithoutAnAnnotationIsAListToo) {
  EXPECT_EQ(shown({group("schema", kRequired, 2), column("a", kRepeated, kText),
                   group("b", kRepeated, 1), column("c", kOptional, kText)}),
            "schema{a[a@1/1] b[b{c?@2/1}]}");
}

TEST(ParquetSchemas, MapsAreListsOfKeysAndValues) {
  EXPECT_EQ(shown({group("schema", kRequired, 1), annotated(group("m", kOptional, 1), kMap),
                   group("key_value", kRepeated, 2), column("key", kRequired, kText),
                   column("value", kOptional, kWhole)}),
            "schema{m?[key_value{key@2/1 value?@3/1}]}");
}

TEST(ParquetSchemas, ColumnsAreNamedByTheirPaths) {
  const ParquetSchema schema =
      parquet_schema({group("schema", kRequired, 1), group("answers", kOptional, 1),
                      annotated(group("text", kOptional, 1), kList), group("list", kRepeated, 1),
                      column("element", kOptional, kText)},
                     "a.parquet");
  EXPECT_EQ(schema.leaves.at(0).path, "answers.text.list.element");
}

TEST(ParquetSchemas, TypesThatNoItemHasAreRefused) {
  EXPECT_EQ(refused({group("schema", kRequired, 1), column("when", kOptional, 3)}),
            "a.parquet: column 'when' is of a type that is not read (texts, whole and real numbers "
            "and truth values are); leave it out, or export the data set as JSON lines");
  EXPECT_NE(refused({group("schema", kRequired, 1), annotated(column("d", kOptional, kWhole), 6)}),
            "no error")
      << "a date is no number";
}

TEST(ParquetSchemas, TreesThatDoNotAddUpAreDamaged) {
  EXPECT_EQ(
      refused({}),
      "a.parquet: damaged parquet (a schema that lacks its last fields); fetch the file again");
  EXPECT_NE(refused({group("schema", kRequired, 2), column("a", kOptional, kText)}), "no error");
  EXPECT_NE(refused({group("schema", kRequired, 1), column("a", kOptional, kText),
                     column("b", kOptional, kText)}),
            "no error");
  EXPECT_NE(refused({group("schema", kRequired, 0)}), "no error");
  std::vector<ParquetField> deep(500, group("g", kOptional, 1));
  deep.push_back(column("a", kOptional, kText));
  EXPECT_NE(refused(deep), "no error");
  std::vector<ParquetField> lists(500, group("g", kRepeated, 1));
  lists.push_back(column("a", kOptional, kText));
  EXPECT_NE(refused(lists), "no error");
}

}  // namespace
}  // namespace isoloss
