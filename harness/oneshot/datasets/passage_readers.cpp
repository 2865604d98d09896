#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/oneshot/datasets/code_points.h"
#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"
#include "harness/oneshot/datasets/squeezed.h"

namespace isoloss {
namespace {

// Questions of one article, each with those before it and their right answers.
class RaceArticle {
 public:
  RaceArticle(std::string name, std::string article)
      : name_(std::move(name)), article_(std::move(article)) {}
  const std::string& name() const { return name_; }

  void add(const RecordFields& at, const std::string& question,
           const std::vector<std::string>& options, const std::string& letter, ItemList& items) {
    const std::size_t right =
        letter.size() == 1 ? static_cast<std::size_t>(letter[0] - 'A') : options.size();
    if (options.size() != 4 || right >= options.size())
      at.fail(fmt::format("{} options and the answer '{}' (4 and one of A to D are wanted)",
                          options.size(), letter));
    items.add({{"article", article_},
               {"question", question},
               {"options", options},
               {"label", right},
               {"earlier", earlier_}},
              fmt::format("{}/{}", name_, earlier_.size() + 1), name_);
    earlier_.push_back({{"question", question}, {"answer", options[right]}});
  }

 private:
  std::string name_, article_;
  DataItem earlier_ = DataItem::array();
};

void read_race_file(const RecordFields& fields, ItemList& items) {
  RaceArticle article(fields.text({"id"}), fields.text({"article"}));
  const auto questions = fields.texts({"questions"});
  const auto answers = fields.texts({"answers"});
  const nlohmann::json& options = fields.value({"options"});
  if (answers.size() != questions.size() || options.size() != questions.size())
    fields.fail(
        fmt::format("{} questions, {} answers and {} lists of options (as many of each are "
                    "wanted)",
                    questions.size(), answers.size(), options.size()));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const nlohmann::json one = {{"options", options[i]}};
    article.add(fields, questions[i], RecordFields(one, fields.place()).texts({"options"}),
                answers[i], items);
  }
}

// The original release writes `<b>Sent 1: </b>text<br>`.
std::string without_sentence_marks(std::string text) {
  for (std::size_t begin; (begin = text.find("<b>Sent ")) != std::string::npos;) {
    const std::size_t end = text.find("</b>", begin);
    if (end == std::string::npos) break;
    text.erase(begin, end + 4 - begin);
  }
  for (std::size_t begin; (begin = text.find("<br>")) != std::string::npos;) {
    text[begin] = ' ';
    text.erase(begin + 1, 3);
  }
  return squeezed(text);
}

void read_multirc_paragraph(const RecordFields& fields, ItemList& items) {
  const bool original = fields.has({"paragraph"});
  const RecordFields owner = fields.part({"passage", "paragraph"});
  const std::string passage =
      original ? without_sentence_marks(owner.text({"text"})) : owner.text({"text"});
  const std::string name = fields.text({"idx", "id"});
  for (const RecordFields& question : owner.parts({"questions"})) {
    DataItem answers = DataItem::array();
    for (const RecordFields& answer : question.parts({"answers"}))
      answers.push_back(
          {{"text", answer.text({"text"})}, {"label", answer.truth({"label", "isAnswer"})}});
    items.add(
        {{"passage", passage}, {"question", question.text({"question"})}, {"answers", answers}},
        fmt::format("{}/{}", name, question.text({"idx"})), name);
  }
}

// Exports have a row an answer; rows of one question stand together.
void read_multirc_rows(std::span<const DataRecord> records, ItemList& items) {
  std::string open, open_group;
  DataItem item;
  const auto close = [&] {
    if (!open.empty()) items.add(std::move(item), open, open_group);
  };
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const RecordFields index = fields.part({"idx"});
    const std::string group = index.text({"paragraph"});
    const std::string id = fmt::format("{}/{}", group, index.text({"question"}));
    if (id != open) {
      close();
      open = id;
      open_group = group;
      item = {{"passage", fields.text({"paragraph"})},
              {"question", fields.text({"question"})},
              {"answers", DataItem::array()}};
    }
    item["answers"].push_back(
        {{"text", fields.text({"answer"})}, {"label", fields.truth({"label"})}});
  }
  close();
}

struct HighlightedPassage {
  std::string passage;
  std::vector<std::string> highlights;
};

HighlightedPassage split_highlights(const std::string& text) {
  constexpr std::string_view kMark = "@highlight";
  HighlightedPassage split;
  std::size_t begin = 0;
  for (bool first = true; begin <= text.size(); first = false) {
    const std::size_t end = std::min(text.find(kMark, begin), text.size());
    const std::string piece = text.substr(begin, end - begin);
    const std::size_t last = piece.find_last_not_of(" \n");
    if (first) split.passage = piece.substr(0, last == std::string::npos ? 0 : last + 1);
    if (!first) split.highlights.push_back(squeezed(piece));
    begin = end + kMark.size();
  }
  return split;
}

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

// Spans count code points and include their last one.
std::vector<std::string> entity_texts(const RecordFields& passage, const std::string& text) {
  std::vector<std::string> texts;
  for (const RecordFields& entity : passage.parts({"entities"})) {
    const auto begin = code_point_offset(text, entity.whole({"start"}));
    const auto end = code_point_offset(text, entity.whole({"end"}) + 1);
    if (!begin || !end || *end <= *begin) entity.fail("an entity's span lies outside its passage");
    add_once(texts, text.substr(*begin, *end - *begin));
  }
  return texts;
}

std::vector<std::string> distinct(const std::vector<std::string>& texts) {
  std::vector<std::string> once;
  for (const std::string& text : texts) add_once(once, text);
  return once;
}

void add_cloze(const RecordFields& at, const HighlightedPassage& passage, const std::string& query,
               const std::vector<std::string>& entities, const std::vector<std::string>& answers,
               const std::string& id, const std::string& group, ItemList& items) {
  if (query.find("@placeholder") == std::string::npos) at.fail("'query' holds no @placeholder");
  if (answers.empty()) at.fail("'answers' is empty (a query needs one)");
  items.add({{"passage", passage.passage},
             {"highlights", passage.highlights},
             {"query", query},
             {"entities", entities},
             {"answers", answers}},
            id, group);
}

}  // namespace

void read_race(std::span<const DataRecord> records, ItemList& items) {
  std::optional<RaceArticle> open;  // of exports, whose rows of one article stand together
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    if (fields.has({"questions"})) {
      read_race_file(fields, items);
      continue;
    }
    const std::string name = fields.text({"example_id"});
    if (!open || open->name() != name) open.emplace(name, fields.text({"article"}));
    open->add(fields, fields.text({"question"}), fields.texts({"options"}), fields.text({"answer"}),
              items);
  }
}

void read_multirc(std::span<const DataRecord> records, ItemList& items) {
  if (records.front().value.contains("answer")) {
    read_multirc_rows(records, items);
    return;
  }
  for (const DataRecord& record : records) read_multirc_paragraph(RecordFields(record), items);
}

void read_record(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    if (fields.has({"query"})) {
      const RecordFields index = fields.part({"idx"});
      const std::string group = index.text({"passage"});
      add_cloze(fields, split_highlights(fields.text({"passage"})), fields.text({"query"}),
                distinct(fields.texts({"entities"})), distinct(fields.texts({"answers"})),
                fmt::format("{}/{}", group, index.text({"query"})), group, items);
      continue;
    }
    const RecordFields passage = fields.part({"passage"});
    const std::string text = passage.text({"text"});
    const std::string group = fields.text({"idx", "id"});
    for (const RecordFields& query : fields.parts({"qas"})) {
      std::vector<std::string> answers;
      for (const RecordFields& answer : query.parts({"answers"}))
        add_once(answers, answer.text({"text"}));
      add_cloze(query, split_highlights(text), query.text({"query"}), entity_texts(passage, text),
                answers, fmt::format("{}/{}", group, query.text({"idx", "id"})), group, items);
    }
  }
}

}  // namespace isoloss
