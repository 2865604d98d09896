#include "harness/oneshot/datasets/data_item.h"

#include <fmt/format.h>

#include "harness/oneshot/datasets/item_readers.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using ItemReader = void (*)(std::span<const DataRecord>, ItemList&);

const std::map<std::string, ItemReader>& readers() {
  static const std::map<std::string, ItemReader> table = {
      {"hellaswag", read_hellaswag},
      {"lambada", read_lambada},
      {"storycloze", read_storycloze},
      {"piqa", read_piqa},
      {"arc_easy", read_lettered_choices},
      {"arc_challenge", read_lettered_choices},
      {"openbookqa", read_lettered_choices},
      {"race_middle", read_race},
      {"race_high", read_race},
      {"winogrande", read_winogrande},
      {"winograd", read_winograd},
      {"boolq", read_boolq},
      {"cb", read_cb},
      {"rte", read_rte},
      {"wic", read_wic},
      {"copa", read_copa},
      {"wsc", read_wsc},
      {"multirc", read_multirc},
      {"record", read_record},
      {"anli_r1", read_anli},
      {"anli_r2", read_anli},
      {"anli_r3", read_anli},
      {"triviaqa", read_triviaqa},
      {"naturalqs", read_naturalqs},
      {"webqs", read_webqs},
      {"coqa", read_coqa},
      {"drop", read_drop},
      {"quac", read_quac},
      {"squadv2", read_squadv2},
  };
  return table;
}

}  // namespace

void ItemList::add(DataItem fields, const std::string& id, const std::string& group) {
  const std::string wanted = id.empty() ? std::to_string(items_.size() + 1) : id;
  const std::size_t times = ++ids_[wanted];
  const std::string name = times == 1 ? wanted : fmt::format("{}#{}", wanted, times);
  fields["id"] = name;
  fields["group"] = group.empty() ? name : group;
  items_.push_back(std::move(fields));
}

std::string ItemList::group_of(const std::string& text) {
  const auto [found, fresh] = texts_.try_emplace(text, texts_.size() + 1);
  return fmt::format("text {}", found->second);
}

std::vector<DataItem> data_items(const std::string& data_set, std::span<const DataRecord> records) {
  const auto reader = readers().find(data_set);
  if (reader == readers().end()) {
    std::vector<std::string> names;
    for (const auto& [name, read] : readers()) names.push_back(name);
    throw InputError(fmt::format("'{}' is no data set (none of the 29 known){}", data_set,
                                 suggestion(data_set, names)));
  }
  ItemList items;
  reader->second(records, items);
  return items.take();
}

}  // namespace isoloss
