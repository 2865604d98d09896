#include "harness/scoring/prefix_tree.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace isoloss {
namespace {

class TreeBuilder {
 public:
  TreeBuilder(std::span<const std::vector<std::int32_t>> rows, std::size_t least)
      : rows_(rows), least_(least), order_(rows.size()) {
    tree_.paths.resize(rows.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::ranges::stable_sort(order_,
                             [&](std::size_t a, std::size_t b) { return rows_[a] < rows_[b]; });
  }

  PrefixTree build() && {
    if (!rows_.empty()) add(0, rows_.size(), 0, 0, std::nullopt);
    return std::move(tree_);
  }

 private:
  // Rows order_[first, last), which agree up to `known` and are in the tree up to `held`.
  void add(std::size_t first, std::size_t last, std::size_t held, std::size_t known,
           std::optional<std::size_t> parent) {
    const std::size_t shared = agreement(order_[first], order_[last - 1], known);
    const bool one = rows_[order_[last - 1]].size() == shared;  // all rows are equal
    if (one || (last - first > 1 && shared - held >= least_)) {
      parent = add_node({order_[first], held, shared, {}}, parent);
      for (std::size_t i = first; i < last; ++i) tree_.paths[order_[i]].push_back(*parent);
      held = shared;
    }
    if (one) return;
    // Rows that end here come first.
    std::size_t begin = first;
    while (rows_[order_[begin]].size() == shared) ++begin;
    if (begin > first && held < shared) add_end(first, begin, held, shared, parent);
    while (begin < last) {
      const std::size_t end = group_end(begin, last, shared);
      add(begin, end, held, shared, parent);
      begin = end;
    }
  }

  void add_end(std::size_t first, std::size_t last, std::size_t held, std::size_t end,
               std::optional<std::size_t> parent) {
    const std::size_t node = add_node({order_[first], held, end, {}}, parent);
    for (std::size_t i = first; i < last; ++i) tree_.paths[order_[i]].push_back(node);
  }

  std::size_t add_node(PrefixNode node, std::optional<std::size_t> parent) {
    const std::size_t index = tree_.nodes.size();
    (parent ? tree_.nodes[*parent].children : tree_.roots).push_back(index);
    tree_.nodes.push_back(std::move(node));
    return index;
  }

  // Where the rows from `begin` on stop having its token at `place`.
  std::size_t group_end(std::size_t begin, std::size_t last, std::size_t place) const {
    std::size_t end = begin;
    while (end < last && rows_[order_[end]][place] == rows_[order_[begin]][place]) ++end;
    return end;
  }

  std::size_t agreement(std::size_t a, std::size_t b, std::size_t known) const {
    const auto from = static_cast<std::ptrdiff_t>(known);
    const auto at = std::mismatch(rows_[a].begin() + from, rows_[a].end(), rows_[b].begin() + from,
                                  rows_[b].end())
                        .first;
    return static_cast<std::size_t>(at - rows_[a].begin());
  }

  std::span<const std::vector<std::int32_t>> rows_;
  std::size_t least_;
  std::vector<std::size_t> order_;  // rows sorted by their tokens
  PrefixTree tree_;
};

}  // namespace

PrefixTree prefix_tree(std::span<const std::vector<std::int32_t>> rows, std::size_t least) {
  return TreeBuilder(rows, least).build();
}

}  // namespace isoloss
