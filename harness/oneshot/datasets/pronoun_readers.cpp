#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

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

// What two sentences that differ in a noun phrase share, by whole words: so many bytes at their
// beginning, so many at their end. The phrase of neither is empty.
struct SharedEnds {
  std::size_t begin = 0;
  std::size_t end = 0;
};

SharedEnds shared_ends(const std::string& a, const std::string& b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t begin = 0, end = 0;
  const auto ends_a_word = [&] {
    return std::string_view(" .,;:!?").find(a[a.size() - end]) != std::string_view::npos;
  };
  while (end + 1 < shorter && a[a.size() - end - 1] == b[b.size() - end - 1]) ++end;
  while (end > 0 && !ends_a_word()) --end;
  while (begin + end + 1 < shorter && a[begin] == b[begin]) ++begin;
  while (begin > 0 && a[begin - 1] != ' ') --begin;
  return {begin, end};
}

// Trinh & Le's own release of the schemas (2018): a sentence with either noun phrase in place of
// the pronoun, which it does not tell. What both sentences begin with belongs to the text, an
// article too, as in their partial scoring.
DataItem substituted_schema(const RecordFields& first, const RecordFields& second) {
  if (first.text({"question_id"}) != second.text({"question_id"}))
    second.fail("no second substitution of the 'question_id' before it");
  const bool label = second.truth({"correctness"});
  if (first.truth({"correctness"}) == label)
    second.fail("'correctness' of one of the question's two substitutions is to be true");
  const std::string a = first.text({"substitution"});
  const std::string b = second.text({"substitution"});
  if (a == b) second.fail("'substitution' is that before it");
  const SharedEnds shared = shared_ends(a, b);
  const auto phrase = [&](const std::string& text) {
    return text.substr(shared.begin, text.size() - shared.begin - shared.end);
  };
  return {
      {"text", fmt::format("{}_{}", a.substr(0, shared.begin), a.substr(a.size() - shared.end))},
      {"pronoun", ""},
      {"options", {phrase(a), phrase(b)}},
      {"label", label ? 1 : 0}};
}

void read_substitutions(std::span<const DataRecord> records, ItemList& items) {
  for (std::size_t i = 0; i < records.size(); i += 2) {
    const RecordFields first(records[i]);
    if (i + 1 == records.size()) first.fail("a question with one substitution (2 are wanted)");
    items.add(substituted_schema(first, RecordFields(records[i + 1])), first.text({"question_id"}));
  }
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
  if (!records.empty() && RecordFields(records.front()).has({"substitution"})) {
    read_substitutions(records.first(std::min(records.size(), 2 * kWsc273)), items);
    return;
  }
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
