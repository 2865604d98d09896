#include "harness/oneshot/shots.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/oneshot/item_prompt.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

using nlohmann::json;

const std::string& text_field(const TaskCard& card, const json& item, const char* name) {
  const auto found = item.is_object() ? item.find(name) : item.end();
  if (found == item.end() || !found->is_string())
    fail_item(card, item,
              fmt::format("'{}' is missing or no text (every item has it); add it", name));
  return found->get_ref<const std::string&>();
}

void check_ids(const TaskCard& card, std::span<const json> items) {
  std::set<std::string> seen;
  for (const json& item : items)
    if (!seen.insert(text_field(card, item, "id")).second)
      fail_item(card, item, "the id is given twice (scores are kept by id); give each its own");
}

}  // namespace

ShotPool::ShotPool(const TaskCard& card, std::span<const json> items) : card_(card) {
  check_ids(card, items);
  for (const json& item : items) {
    if (!card.shots_where.empty()) {
      const auto field = item.find(card.shots_where);
      if (field == item.end() || !field->is_boolean())
        fail_item(card, item,
                  "'" + card.shots_where +
                      "' is missing or neither true nor false (shots_where asks for "
                      "it); mend the item");
      if (!field->get<bool>()) continue;
    }
    items_.push_back(&item);
  }
  std::sort(items_.begin(), items_.end(), [](const json* a, const json* b) {
    return a->at("id").get_ref<const std::string&>() < b->at("id").get_ref<const std::string&>();
  });
}

std::vector<const json*> ShotPool::drawn(std::uint64_t suite_seed, const json& asked,
                                         std::int64_t count) const {
  const std::string& id = text_field(card_, asked, "id");
  const std::uint64_t stream =
      stream_of("one-shot examples of " + card_.task + (card_.fixed_shots ? "" : "\n" + id));
  std::vector<const json*> shots;
  for (std::uint64_t k = 0; k < items_.size() && std::ssize(shots) < count; ++k) {
    const json* shot = items_[random_permutation(suite_seed, stream, k, items_.size())];
    if (shot->at("id") != id) shots.push_back(shot);
  }
  if (std::ssize(shots) < count)
    throw InputError(
        fmt::format("{}: task {}: {} of its {} items may be shown (split '{}'{}; {} are wanted); "
                    "prepare that split or ask for fewer shots",
                    card_.file, card_.task, shots.size(), items_.size(), card_.shots_from,
                    card_.shots_where.empty() ? "" : ", where " + card_.shots_where, count));
  return shots;
}

std::vector<json> asked_items(const TaskCard& card, std::span<const json> items) {
  check_ids(card, items);
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < items.size(); ++i) last[text_field(card, items[i], "group")] = i;
  std::vector<json> asked;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const json& item = items[i];
    if (card.last_of_group && last.at(item.at("group").get_ref<const std::string&>()) != i)
      continue;
    if (card.items_of.empty()) {
      asked.push_back(item);
      continue;
    }
    const auto list = item.find(card.items_of);
    if (list == item.end() || !list->is_array())
      fail_item(
          card, item,
          "'" + card.items_of + "' is missing or no list (items_of takes one); mend the item");
    for (std::size_t k = 0; k < list->size(); ++k) {
      if (!(*list)[k].is_object())
        fail_item(card, item,
                  fmt::format("element {} of '{}' is no object (items_of takes its fields); mend "
                              "the item",
                              k, card.items_of));
      json one = item;
      one.erase(card.items_of);
      one.update((*list)[k]);
      one["id"] = fmt::format("{}.{}", item.at("id").get_ref<const std::string&>(), k);
      asked.push_back(std::move(one));
    }
  }
  return asked;
}

std::string group_of(const json& item) {
  const auto group = item.is_object() ? item.find("group") : item.end();
  return group != item.end() && group->is_string() ? group->get<std::string>() : "";
}

std::map<std::string, std::int64_t> asked_by_group(const TaskCard& card,
                                                   std::span<const json> items) {
  std::map<std::string, std::int64_t> asked;
  for (const json& item : items) {
    const auto list =
        item.is_object() && !card.items_of.empty() ? item.find(card.items_of) : item.end();
    const bool divided = list != item.end() && list->is_array();
    const auto own = divided ? static_cast<std::int64_t>(list->size()) : 1;
    std::int64_t& count = asked[group_of(item)];
    count = card.last_of_group ? own : count + own;
  }
  return asked;
}

std::int64_t asked_count(const TaskCard& card, std::span<const json> items) {
  std::int64_t count = 0;
  for (const auto& [group, asked] : asked_by_group(card, items)) count += asked;
  return count;
}

}  // namespace isoloss
