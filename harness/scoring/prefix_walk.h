// Reads what a tree of common beginnings holds, each node once, in states that are held briefly.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "harness/scoring/length_batches.h"
#include "harness/scoring/prefix_tree.h"
#include "model/layers/language_model.h"

namespace isoloss {

// Row i of a state, and of `tokens`, belongs to nodes[i].
struct PrefixVisitor {
  // Reads the nodes' tokens on from what was read before them.
  std::function<void(std::span<const std::size_t> nodes, const TokenLists& tokens,
                     DecodingState& state)>
      read;
  // Takes the state once the nodes' descendants are read; may be empty.
  std::function<void(std::span<const std::size_t> nodes, DecodingState state)> leave;
};

// From the roots of `tree`, made of `rows`: a batch of nodes at a time (`limits`), every batch's
// descendants before the next batch, so that few states are held at once.
void walk_prefixes(const LanguageModel& model, const PrefixTree& tree,
                   std::span<const std::vector<std::int32_t>> rows, const BatchLimits& limits,
                   const PrefixVisitor& visitor);

}  // namespace isoloss
