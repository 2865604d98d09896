// Which items are shown before an item: a pure function of (suite seed, task, item, k), so the same
// for every model, rank count and subset of items, in whatever order they come.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/task_card.h"

namespace isoloss {

// What may be shown, in order of ids. Does not own the items.
class ShotPool {
 public:
  // Those of `items` that the card's shots_where lets through. InputError: ids that are missing,
  // no text or given twice; a shots_where field that is missing.
  ShotPool(const TaskCard& card, std::span<const nlohmann::json> items);

  std::size_t size() const { return items_.size(); }

  // `count` different items, never the one asked; the same for all items under fixed shots (the
  // next one stands in where it is the item itself). InputError where the pool is too small.
  std::vector<const nlohmann::json*> drawn(std::uint64_t suite_seed, const nlohmann::json& asked,
                                           std::int64_t count) const;

 private:
  const TaskCard& card_;
  std::vector<const nlohmann::json*> items_;
};

// Items as the card asks them: the last of each group, or each element of its list. InputError
// naming the item: no `id` or `group` that is text, an id given twice.
std::vector<nlohmann::json> asked_items(const TaskCard& card,
                                        std::span<const nlohmann::json> items);

// How many asked_items makes of each group, and of all; what it refuses is counted somehow.
std::map<std::string, std::int64_t> asked_by_group(const TaskCard& card,
                                                   std::span<const nlohmann::json> items);
std::int64_t asked_count(const TaskCard& card, std::span<const nlohmann::json> items);

// The item's `group`; empty where it has none that is text.
std::string group_of(const nlohmann::json& item);

}  // namespace isoloss
