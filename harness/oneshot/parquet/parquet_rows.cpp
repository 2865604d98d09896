#include "harness/oneshot/parquet/parquet_rows.h"

#include <fmt/format.h>

#include <utility>

#include "harness/oneshot/parquet/byte_cursor.h"
#include "harness/oneshot/parquet/parquet_column.h"
#include "harness/oneshot/parquet/parquet_metadata.h"
#include "harness/oneshot/parquet/parquet_schema.h"

namespace isoloss {
namespace {

using nlohmann::json;

// A column with the place up to which it was read.
struct OpenColumn {
  ParquetColumn column;
  std::size_t entry = 0;
  std::size_t value = 0;

  bool at_end() const { return entry == column.definition.size(); }
};

// Puts rows together from the entries of all columns, front to back.
class RowAssembly {
 public:
  RowAssembly(const ParquetSchema& schema, const ParquetRowGroup& group, const std::string& file)
      : schema_(schema), file_(file) {
    if (group.columns.size() != schema.leaves.size())
      damaged_parquet(file, fmt::format("{} columns where its schema has {}", group.columns.size(),
                                        schema.leaves.size()));
    for (std::size_t i = 0; i < group.columns.size(); ++i)
      columns_.push_back({read_parquet_column(group.columns[i], schema.leaves[i], file)});
  }

  json row() {
    if (goes_on(schema_.root, 0)) return take(schema_.root);
    damaged_parquet(file_, "fewer rows than it says");
  }
  void expect_end() const {
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (!columns_[i].at_end()) damaged(i, "more values than rows");
  }

 private:
  [[noreturn]] void damaged(std::size_t leaf, const char* why) const {
    damaged_parquet(fmt::format("{} (column '{}')", file_, schema_.leaves[leaf].path), why);
  }

  int definition(std::size_t leaf) const {
    if (columns_[leaf].at_end()) damaged(leaf, "fewer values than rows");
    return columns_[leaf].column.definition[columns_[leaf].entry];
  }

  // Whether another element of repetition level `level` follows, of which all columns below agree.
  bool goes_on(const ParquetNode& node, int level) const {
    const auto follows = [&](std::size_t leaf) {
      const OpenColumn& open = columns_[leaf];
      return !open.at_end() && open.column.repetition[open.entry] == level;
    };
    const bool first = follows(node.leaf);
    for (std::size_t leaf = node.leaf; leaf < node.leaf + node.leaves; ++leaf)
      if (follows(leaf) != first) damaged(leaf, "lists of other lengths than those beside it");
    return first;
  }

  // Passes over a value that is null or a list that is empty: one entry of every column below.
  void pass(const ParquetNode& node, int below) {
    for (std::size_t leaf = node.leaf; leaf < node.leaf + node.leaves; ++leaf) {
      if (definition(leaf) >= below) damaged(leaf, "a value where those beside it have none");
      ++columns_[leaf].entry;
    }
  }

  json take(const ParquetNode& node) {
    if (definition(node.leaf) < node.there) {
      pass(node, node.there);
      return nullptr;
    }
    switch (node.kind) {
      case ParquetNodeKind::Value: {
        OpenColumn& open = columns_[node.leaf];
        ++open.entry;
        return std::move(open.column.values[open.value++]);
      }
      case ParquetNodeKind::Object: {
        json object = json::object();
        for (const ParquetNode& child : node.children) object[child.name] = take(child);
        return object;
      }
      case ParquetNodeKind::List:
        break;
    }
    json array = json::array();
    if (definition(node.leaf) < node.filled) {
      pass(node, node.filled);
      return array;
    }
    do array.push_back(take(node.children.front()));
    while (goes_on(node, node.repeats));
    return array;
  }

  const ParquetSchema& schema_;
  const std::string& file_;
  std::vector<OpenColumn> columns_;
};

}  // namespace

std::vector<json> parquet_rows(std::string_view bytes, const std::string& file) {
  const ParquetFile parsed = read_parquet_footer(bytes, file);
  const ParquetSchema schema = parquet_schema(parsed.schema, file);
  std::vector<json> rows;
  for (const ParquetRowGroup& group : parsed.groups) {
    RowAssembly assembly(schema, group, file);
    for (std::int64_t i = 0; i < group.rows; ++i) rows.push_back(assembly.row());
    assembly.expect_end();
  }
  return rows;
}

}  // namespace isoloss
