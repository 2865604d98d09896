// Trees by hand.
#include "harness/scoring/prefix_tree.h"

#include <gtest/gtest.h>

#include <vector>

#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

using Rows = std::vector<std::vector<std::int32_t>>;

// The tokens of a row, put together from its path.
std::vector<std::int32_t> along_path(const PrefixTree& tree, const Rows& rows, std::size_t row) {
  std::vector<std::int32_t> tokens;
  for (const std::size_t node : tree.paths[row]) {
    const PrefixNode& part = tree.nodes[node];
    EXPECT_EQ(part.begin, tokens.size());
    tokens.insert(tokens.end(), rows[part.row].begin() + static_cast<std::ptrdiff_t>(part.begin),
                  rows[part.row].begin() + static_cast<std::ptrdiff_t>(part.end));
  }
  return tokens;
}

TEST(PrefixTree, ChoicesHangFromTheirContext) {
  const Rows rows = {{1, 2, 3, 4}, {1, 2, 3, 5, 6}, {1, 2, 3}, {9, 9}};
  const PrefixTree tree = prefix_tree(rows, 2);
  const std::vector<PrefixNode> expected = {
      {2, 0, 3, {1, 2}}, {0, 3, 4, {}}, {1, 3, 5, {}}, {3, 0, 2, {}}};
  EXPECT_EQ(tree.nodes, expected);
  EXPECT_EQ(tree.roots, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(tree.paths, (std::vector<std::vector<std::size_t>>{{0, 1}, {0, 2}, {0}, {3}}));
}

TEST(PrefixTree, ShortBeginningsAreNotShared) {
  const Rows rows = {{1, 2, 3}, {1, 2, 4}, {1, 2}};
  const PrefixTree tree = prefix_tree(rows, 3);
  EXPECT_EQ(tree.roots.size(), 3u);
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(tree.paths[row].size(), 1u);
    EXPECT_EQ(along_path(tree, rows, row), rows[row]);
  }
}

// A passage, two questions about it, two answers each.
TEST(PrefixTree, BranchesBranchAgain) {
  const Rows rows = {
      {1, 1, 1, 2, 2, 2, 3}, {1, 1, 1, 2, 2, 2, 4}, {1, 1, 1, 5, 5, 5, 3}, {1, 1, 1, 5, 5, 5, 4}};
  const PrefixTree tree = prefix_tree(rows, 3);
  std::size_t tokens = 0;
  for (const PrefixNode& node : tree.nodes) tokens += node.size();
  EXPECT_EQ(tokens, 3u + 2 * 3 + 4);
  EXPECT_EQ(tree.paths[3].size(), 3u);
}

TEST(PrefixTree, EqualRowsAreOne) {
  const Rows rows = {{7, 8}, {7, 8}};
  const PrefixTree tree = prefix_tree(rows, 16);
  EXPECT_EQ(tree.nodes.size(), 1u);
  EXPECT_EQ(tree.paths[0], tree.paths[1]);
}

TEST(PrefixTree, PathsHoldTheirRowsWhateverIsShared) {
  Rows rows;
  for (std::uint64_t r = 0; r < 200; ++r) {
    std::vector<std::int32_t> row(1 + random_below(3, 1, r, 9));
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = static_cast<std::int32_t>(random_below(3, 2, r * 10 + i, 2));
    rows.push_back(row);
  }
  for (const std::size_t least : {1u, 2u, 4u}) {
    const PrefixTree tree = prefix_tree(rows, least);
    std::vector<int> parents(tree.nodes.size(), 0);
    for (const std::size_t root : tree.roots) ++parents[root];
    for (const PrefixNode& node : tree.nodes)
      for (const std::size_t child : node.children) ++parents[child];
    EXPECT_EQ(parents, std::vector<int>(tree.nodes.size(), 1));
    for (std::size_t row = 0; row < rows.size(); ++row)
      EXPECT_EQ(along_path(tree, rows, row), rows[row]) << row;
  }
}

}  // namespace
}  // namespace isoloss
