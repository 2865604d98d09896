#include <fmt/format.h>

#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"

namespace isoloss {
namespace {

using Answers = std::vector<std::string>;

// The texts of one annotator: a list of objects, or an object of lists as tables export it.
Answers coqa_texts(const RecordFields& owner, FieldNames names) {
  if (!owner.value(names).is_array()) return owner.part(names).texts({"input_text"});
  Answers texts;
  for (const RecordFields& answer : owner.parts(names))
    texts.push_back(answer.text({"input_text"}));
  return texts;
}

Answers coqa_questions(const RecordFields& story) {
  const nlohmann::json& questions = story.value({"questions"});
  const bool plain = questions.is_array() && !questions.empty() && questions[0].is_string();
  return plain ? story.texts({"questions"}) : coqa_texts(story, {"questions"});
}

void require_turns(const RecordFields& at, std::size_t questions, std::size_t answers) {
  if (questions != answers)
    at.fail(fmt::format("{} questions and {} answers (as many of each are wanted)", questions,
                        answers));
}

// One turn after the other: each knows those before it with the answer that was `said`.
class Conversation {
 public:
  Conversation(DataItem shared, std::string name)
      : shared_(std::move(shared)), name_(std::move(name)) {}
  void add(const RecordFields& at, const std::string& question, const Answers& answers,
           const std::string& said, const std::string& id, ItemList& items) {
    if (answers.empty()) at.fail(fmt::format("no answer to '{}' (an item needs one)", question));
    DataItem item = shared_;
    item["question"] = question;
    item["answers"] = answers;
    item["turns"] = turns_;
    items.add(std::move(item), id.empty() ? fmt::format("{}/{}", name_, turns_.size() + 1) : id,
              name_);
    turns_.push_back({{"question", question}, {"answer", said}});
  }

 private:
  DataItem shared_;
  std::string name_;
  DataItem turns_ = DataItem::array();
};

void read_quac_paragraph(const RecordFields& article, const RecordFields& paragraph,
                         ItemList& items) {
  Conversation turns({{"title", article.text({"title"})},
                      {"section", article.text({"section_title"})},
                      {"paragraph", paragraph.text({"context"})}},
                     paragraph.text({"id"}));
  for (const RecordFields& question : paragraph.parts({"qas"})) {
    // QuAC's scorer takes `answers` alone, equal ones too: it counts them.
    Answers answers;
    for (const RecordFields& answer : question.parts({"answers"}))
      answers.push_back(answer.text({"text"}));
    const std::string said = question.has({"orig_answer"})
                                 ? question.part({"orig_answer"}).text({"text"})
                             : answers.empty() ? ""
                                               : answers[0];
    turns.add(question, question.text({"question"}), answers, said, question.text({"id"}), items);
  }
}

void read_quac_row(const RecordFields& fields, ItemList& items) {
  const Answers questions = fields.texts({"questions"});
  const Answers said = fields.part({"orig_answers"}).texts({"texts"});
  const nlohmann::json& all = fields.part({"answers"}).value({"texts"});
  require_turns(fields, questions.size(), said.size());
  require_turns(fields, questions.size(), all.size());
  const Answers ids = fields.has({"turn_ids"}) ? fields.texts({"turn_ids"}) : Answers();
  Conversation turns({{"title", fields.text({"wikipedia_page_title"})},
                      {"section", fields.text({"section_title"})},
                      {"paragraph", fields.text({"context"})}},
                     fields.text({"dialogue_id"}));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const nlohmann::json turn = {{"texts", all[i]}};
    turns.add(fields, questions[i], RecordFields(turn, fields.place()).texts({"texts"}), said[i],
              i < ids.size() ? ids[i] : "", items);
  }
}

}  // namespace

void read_coqa(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const Answers questions = coqa_questions(fields);
    std::vector<Answers> annotators = {coqa_texts(fields, {"answers"})};
    if (fields.has({"additional_answers"})) {
      const RecordFields more = fields.part({"additional_answers"});
      for (const char* number : {"0", "1", "2"})
        if (more.has({number})) annotators.push_back(coqa_texts(more, {number}));
    }
    for (const Answers& answers : annotators)
      require_turns(fields, questions.size(), answers.size());
    const std::string story = fields.text({"story"});
    Conversation turns({{"story", story}}, fields.text_or({"id"}, items.group_of(story)));
    for (std::size_t i = 0; i < questions.size(); ++i) {
      // Every annotator's answer stays, equal ones too: CoQA's F1 leaves out one at a time.
      Answers answers;
      for (const Answers& annotator : annotators) answers.push_back(annotator[i]);
      turns.add(fields, questions[i], answers, answers[0], "", items);
    }
  }
}

void read_quac(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    if (!fields.has({"paragraphs"})) {
      read_quac_row(fields, items);
      continue;
    }
    for (const RecordFields& paragraph : fields.parts({"paragraphs"}))
      read_quac_paragraph(fields, paragraph, items);
  }
}

}  // namespace isoloss
