// Rows of tokens as a tree of their common beginnings, so that what several rows share is read
// once: all choices of an item, all questions about a passage.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace isoloss {

// Tokens [begin, end) of row `row`, read after those of its parent.
struct PrefixNode {
  std::size_t row = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::size_t> children;

  std::size_t size() const { return end - begin; }
  bool operator==(const PrefixNode&) const = default;
};

struct PrefixTree {
  std::vector<PrefixNode> nodes;
  std::vector<std::size_t> roots;
  // By row: the nodes that hold its tokens, from a root on. Equal rows have the same.
  std::vector<std::vector<std::size_t>> paths;
};

// Rows are not empty. Beginnings shorter than `least` tokens are not shared: going on from a state
// costs more than reading them again.
PrefixTree prefix_tree(std::span<const std::vector<std::int32_t>> rows, std::size_t least);

}  // namespace isoloss
