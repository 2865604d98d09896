#include "harness/scoring/prefix_walk.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace isoloss {
namespace {

// The states of nodes at these places of those that are to be read, before they are.
using StateOf = std::function<DecodingState(std::span<const std::size_t> places)>;

struct Walk {
  const PrefixTree& tree;
  std::span<const std::vector<std::int32_t>> rows;
  const BatchLimits& limits;
  const PrefixVisitor& visitor;

  TokenLists tokens_of(std::span<const std::size_t> nodes) const {
    TokenLists tokens;
    for (const std::size_t i : nodes) {
      const PrefixNode& node = tree.nodes[i];
      const auto begin = rows[node.row].begin();
      tokens.emplace_back(begin + static_cast<std::ptrdiff_t>(node.begin),
                          begin + static_cast<std::ptrdiff_t>(node.end));
    }
    return tokens;
  }

  void read(std::span<const std::size_t> nodes, const StateOf& state_of) const {
    std::vector<RowLength> lengths;
    for (const std::size_t node : nodes)
      lengths.push_back({static_cast<std::int64_t>(tree.nodes[node].size()),
                         static_cast<std::int64_t>(tree.nodes[node].end)});
    for (const std::vector<std::size_t>& batch : length_batches(lengths, limits)) {
      DecodingState state = state_of(batch);
      std::vector<std::size_t> batch_nodes;
      for (const std::size_t place : batch) batch_nodes.push_back(nodes[place]);
      visitor.read(batch_nodes, tokens_of(batch_nodes), state);
      read_children(batch_nodes, state);
      if (visitor.leave) visitor.leave(batch_nodes, std::move(state));
    }
  }

  void read_children(std::span<const std::size_t> nodes, const DecodingState& state) const {
    std::vector<std::size_t> children;
    std::vector<std::int64_t> parents;  // rows of the state
    for (std::size_t i = 0; i < nodes.size(); ++i)
      for (const std::size_t child : tree.nodes[nodes[i]].children) {
        children.push_back(child);
        parents.push_back(static_cast<std::int64_t>(i));
      }
    if (children.empty()) return;
    read(children, [&](std::span<const std::size_t> places) {
      std::vector<std::int64_t> of_places;
      for (const std::size_t place : places) of_places.push_back(parents[place]);
      return state.select(of_places);
    });
  }
};

}  // namespace

void walk_prefixes(const LanguageModel& model, const PrefixTree& tree,
                   std::span<const std::vector<std::int32_t>> rows, const BatchLimits& limits,
                   const PrefixVisitor& visitor) {
  Walk{tree, rows, limits, visitor}.read(tree.roots, [&](std::span<const std::size_t> places) {
    return model.nothing_read(std::ssize(places));
  });
}

}  // namespace isoloss
