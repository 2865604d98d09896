#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"

namespace isoloss {
namespace {

// Premise and hypothesis; `labels` in the order of the exports' numbers.
void read_entailment(std::span<const DataRecord> records, ItemList& items,
                     const std::vector<std::string>& labels) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const std::string premise = fields.text({"premise", "context", "sentence1"});
    std::string label = fields.text({"label"});
    for (const std::string& known : labels)  // ANLI's own are e, n and c
      if (label.size() == 1 && known[0] == label[0]) label = known;
    const nlohmann::json object = {{"label", label}};
    items.add({{"premise", premise},
               {"hypothesis", fields.text({"hypothesis", "sentence2"})},
               {"label", RecordFields(object, fields.place()).label({"label"}, labels)}},
              fields.text_or({"uid", "idx", "index"}, ""), items.group_of(premise));
  }
}

struct TitledPassage {
  std::string title;
  std::string passage;
};

// SuperGLUE's passages begin with their title and two hyphens. Where there is none the title is
// empty.
TitledPassage titled_passage(const RecordFields& fields) {
  std::string passage = fields.text({"passage"});
  if (fields.has({"title"})) return {fields.text({"title"}), passage};
  constexpr std::string_view kBetween = " -- ";
  const std::size_t end = passage.find(kBetween);
  if (end == std::string::npos) return {"", passage};
  return {passage.substr(0, end), passage.substr(end + kBetween.size())};
}

// The five columns of the original release's text: word, part of speech, indices, two sentences.
std::optional<DataItem> original_wic(const RecordFields& fields) {
  if (!fields.has({"text"})) return std::nullopt;
  const std::string line = fields.text({"text"});
  std::vector<std::string> columns;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    columns.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  if (columns.size() != 5)
    fields.fail(fmt::format("{} columns between tabs (5 are wanted)", columns.size()));
  return DataItem{{"sentence1", columns[3]}, {"sentence2", columns[4]}, {"word", columns[0]}};
}

}  // namespace

void read_boolq(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const TitledPassage titled = titled_passage(fields);
    items.add({{"title", titled.title},
               {"passage", titled.passage},
               {"question", fields.text({"question"})},
               {"label", fields.truth({"label", "answer"})}},
              fields.text_or({"idx"}, ""), items.group_of(titled.passage));
  }
}

void read_cb(std::span<const DataRecord> records, ItemList& items) {
  read_entailment(records, items, {"entailment", "contradiction", "neutral"});
}

void read_rte(std::span<const DataRecord> records, ItemList& items) {
  read_entailment(records, items, {"entailment", "not_entailment"});
}

void read_anli(std::span<const DataRecord> records, ItemList& items) {
  read_entailment(records, items, {"entailment", "neutral", "contradiction"});
}

void read_wic(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    DataItem item = original_wic(fields).value_or(DataItem());
    if (item.is_null())
      item = {{"sentence1", fields.text({"sentence1"})},
              {"sentence2", fields.text({"sentence2"})},
              {"word", fields.text({"word"})}};
    item["label"] = fields.truth({"label"});
    items.add(std::move(item), fields.text_or({"idx"}, ""));
  }
}

}  // namespace isoloss
