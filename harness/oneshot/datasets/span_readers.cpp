#include <algorithm>
#include <optional>

#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"
#include "harness/oneshot/datasets/squeezed.h"

namespace isoloss {
namespace {

using Spans = std::vector<std::string>;

// One annotator's answer: a number, else spans, else a date as day, month and year, as DROP's own
// evaluation reads it.
Spans drop_spans(const RecordFields& answer) {
  const std::string number = answer.text_or({"number"}, "");
  if (!number.empty()) return {number};
  Spans spans = answer.texts({"spans"});
  if (!spans.empty() || !answer.has({"date"})) return spans;
  const RecordFields date = answer.part({"date"});
  const std::string written =
      squeezed(date.text_or({"day"}, "") + " " + date.text_or({"month"}, "") + " " +
               date.text_or({"year"}, ""));
  return written.empty() ? Spans() : Spans{written};
}

class DropAnswers {
 public:
  void add(Spans spans) {
    if (!spans.empty() && std::find(all_.begin(), all_.end(), spans) == all_.end())
      all_.push_back(std::move(spans));
  }
  std::vector<Spans> of(const RecordFields& question) const {
    if (all_.empty()) question.fail("no answer (no number, span or date)");
    return all_;
  }

 private:
  std::vector<Spans> all_;
};

// Annotators' answers as objects, or one list a field, as tables export them.
void add_validated(const RecordFields& question, DropAnswers& answers) {
  if (!question.has({"validated_answers"})) return;
  if (question.value({"validated_answers"}).is_array()) {
    for (const RecordFields& answer : question.parts({"validated_answers"}))
      answers.add(drop_spans(answer));
    return;
  }
  const nlohmann::json& columns = question.value({"validated_answers"});
  const auto cell = [&](const char* name, std::size_t row) {
    const auto column = columns.find(name);
    return column != columns.end() && column->is_array() && row < column->size() ? (*column)[row]
                                                                                 : nlohmann::json();
  };
  const RecordFields table(columns, question.place());
  for (std::size_t row = 0; row < table.value({"spans"}).size(); ++row) {
    const nlohmann::json answer = {{"number", cell("number", row)},
                                   {"spans", cell("spans", row)},
                                   {"date", cell("date", row)}};
    answers.add(drop_spans(RecordFields(answer, question.place())));
  }
}

void add_drop_question(const RecordFields& question, const std::string& passage,
                       const std::string& group, ItemList& items) {
  DropAnswers answers;
  if (question.has({"answers_spans"}))
    answers.add(question.part({"answers_spans"}).texts({"spans"}));
  else
    answers.add(drop_spans(question.part({"answer"})));
  add_validated(question, answers);
  items.add({{"passage", passage},
             {"question", question.text({"question"})},
             {"answers", answers.of(question)}},
            question.text_or({"query_id"}, ""), group);
}

// Each text once; an unanswerable question has none.
Spans squad_answers(const RecordFields& question) {
  Spans answers;
  const auto add = [&](const std::string& text) {
    if (std::find(answers.begin(), answers.end(), text) == answers.end()) answers.push_back(text);
  };
  if (question.value({"answers"}).is_array())
    for (const RecordFields& answer : question.parts({"answers"})) add(answer.text({"text"}));
  else
    for (const std::string& text : question.part({"answers"}).texts({"text"})) add(text);
  return answers;
}

// Questions of one paragraph, each with those before it; an unanswerable one's answer is empty.
class SquadParagraph {
 public:
  SquadParagraph(std::string title, std::string context, std::string group)
      : title_(std::move(title)), context_(std::move(context)), group_(std::move(group)) {}
  bool is(const std::string& title, const std::string& context) const {
    return title == title_ && context == context_;
  }
  void add(const RecordFields& fields, ItemList& items) {
    const std::string question = fields.text({"question"});
    const Spans answers = squad_answers(fields);
    items.add({{"title", title_},
               {"context", context_},
               {"question", question},
               {"answers", answers},
               {"earlier", earlier_}},
              fields.text_or({"id"}, ""), group_);
    earlier_.push_back({{"question", question}, {"answer", answers.empty() ? "" : answers[0]}});
  }

 private:
  std::string title_, context_, group_;
  DataItem earlier_ = DataItem::array();
};

}  // namespace

void read_drop(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    if (fields.has({"passage"})) {
      const std::string passage = fields.text({"passage"});
      add_drop_question(fields, passage, fields.text_or({"section_id"}, items.group_of(passage)),
                        items);
      continue;
    }
    for (const auto& [name, object] : record.value.items()) {
      const RecordFields section(object, record.place + ": " + name);
      for (const RecordFields& question : section.parts({"qa_pairs"}))
        add_drop_question(question, section.text({"passage"}), name, items);
    }
  }
}

void read_squadv2(std::span<const DataRecord> records, ItemList& items) {
  std::optional<SquadParagraph> open;  // of exports, whose rows of one paragraph stand together
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const std::string title = fields.text({"title"});
    if (fields.has({"paragraphs"})) {
      for (const RecordFields& paragraph : fields.parts({"paragraphs"})) {
        const std::string context = paragraph.text({"context"});
        SquadParagraph questions(title, context, items.group_of(title + "\n" + context));
        for (const RecordFields& question : paragraph.parts({"qas"}))
          questions.add(question, items);
      }
      continue;
    }
    const std::string context = fields.text({"context"});
    if (!open || !open->is(title, context))
      open.emplace(title, context, items.group_of(title + "\n" + context));
    open->add(fields, items);
  }
}

}  // namespace isoloss
