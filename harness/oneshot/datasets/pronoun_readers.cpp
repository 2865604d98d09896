#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/oneshot/datasets/code_points.h"
#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"
#include "harness/oneshot/datasets/squeezed.h"

namespace isoloss {
namespace {

// WSC273 is the collection without its last twelve schemas (Trinh & Le 2018).
constexpr std::size_t kWsc273 = 273;

// A gap between the two texts of a schema; no blank before what belongs to the word.
std::string with_gap(const std::string& before, const std::string& after) {
  const bool joined = !after.empty() && std::string(".,;:!?'").find(after[0]) != std::string::npos;
  return squeezed(before + " _" + (joined ? "" : " ") + after);
}

// A schema of the collection's XML.
DataItem published_schema(const RecordFields& fields) {
  const RecordFields text = fields.part({"text"});
  const auto options = fields.part({"answers"}).texts({"answer"});
  if (options.size() != 2) fields.fail(fmt::format("{} answers (2 are wanted)", options.size()));
  const std::string right = fields.text({"correctAnswer"});
  if (!right.starts_with('A') && !right.starts_with('B'))
    fields.fail(fmt::format("'correctAnswer' is '{}' (A or B is wanted)", right));
  return {{"text", with_gap(text.text({"txt1"}), text.text({"txt2"}))},
          {"pronoun", text.text({"pron"})},
          {"options", options},
          {"label", right[0] - 'A'}};
}

DataItem exported_schema(const RecordFields& fields) {
  const std::string text = fields.text({"text"});
  const std::string pronoun = fields.text({"pronoun"});
  const auto options = fields.texts({"options"});
  if (options.size() != 2) fields.fail(fmt::format("{} options (2 are wanted)", options.size()));
  const auto begin = code_point_offset(text, fields.whole({"pronoun_loc"}));
  if (!begin || text.compare(*begin, pronoun.size(), pronoun) != 0)
    fields.fail(fmt::format("'{}' does not stand at 'pronoun_loc' of 'text'", pronoun));
  return {
      {"text", fmt::format("{}_{}", text.substr(0, *begin), text.substr(*begin + pronoun.size()))},
      {"pronoun", pronoun},
      {"options", options},
      {"label", fields.choice({"label"}, 0, 2)}};
}

}  // namespace

void read_winogrande(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const std::string sentence = fields.text({"sentence"});
    if (std::count(sentence.begin(), sentence.end(), '_') != 1)
      fields.fail("'sentence' does not hold one gap '_'");
    const std::string id = fields.text_or({"qID"}, "");
    // Twins, which differ in a word that turns the answer, are ...-1 and ...-2.
    const std::size_t dash = id.rfind('-');
    items.add({{"sentence", sentence},
               {"options", {fields.text({"option1"}), fields.text({"option2"})}},
               {"label", fields.choice({"answer"}, 1, 2)}},
              id, dash == std::string::npos ? "" : id.substr(0, dash));
  }
}

void read_winograd(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records.first(std::min(records.size(), kWsc273))) {
    const RecordFields fields(record);
    items.add(fields.has({"answers"}) ? published_schema(fields) : exported_schema(fields));
  }
}

void read_wsc(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const RecordFields target = fields.has({"target"}) ? fields.part({"target"}) : fields;
    const std::string text = fields.text({"text"});
    items.add({{"text", text},
               {"noun", target.text({"span1_text"})},
               {"pronoun", target.text({"span2_text"})},
               {"noun_index", target.whole({"span1_index"})},
               {"pronoun_index", target.whole({"span2_index"})},
               {"label", fields.truth({"label"})}},
              fields.text_or({"idx"}, ""), items.group_of(text));
  }
}

}  // namespace isoloss
