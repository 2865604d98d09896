// An item of public task data in the one form that prompts are made from (docs/scoring.md, "Public
// task data"), whatever form its publisher has: a JSON object with `id`, `group` and the fields of
// its data set.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/oneshot/datasets/record_file.h"

namespace isoloss {

using DataItem = nlohmann::json;

// Items as they are read.
class ItemList {
 public:
  // Without an `id` of the publisher's the item is called by its number, from 1; an id that is
  // taken gets #2, #3. `group` names what items share (a passage, a question); empty: nothing.
  void add(DataItem fields, const std::string& id = {}, const std::string& group = {});
  // A group for items that hold the same text.
  std::string group_of(const std::string& text);

  std::vector<DataItem> take() { return std::move(items_); }

 private:
  std::vector<DataItem> items_;
  std::map<std::string, std::size_t> ids_;
  std::map<std::string, std::size_t> texts_;
};

// The items in the records of a data set's files. InputError: a record that lacks what an item
// needs, named with its place; a name that is no data set's.
std::vector<DataItem> data_items(const std::string& data_set, std::span<const DataRecord> records);

}  // namespace isoloss
