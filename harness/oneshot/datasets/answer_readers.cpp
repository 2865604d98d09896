#include <algorithm>

#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"

namespace isoloss {
namespace {

// Answers in their order, each once; an item needs one.
std::vector<std::string> accepted_answers(const RecordFields& at,
                                          const std::vector<std::string>& given) {
  std::vector<std::string> answers;
  for (const std::string& answer : given)
    if (!answer.empty() && std::find(answers.begin(), answers.end(), answer) == answers.end())
      answers.push_back(answer);
  if (answers.empty()) at.fail("no answer (an item needs one)");
  return answers;
}

// The answers in WebQuestions' (list (description "two words") (description One)).
std::vector<std::string> listed_descriptions(const std::string& list) {
  constexpr std::string_view kMark = "(description ";
  std::vector<std::string> texts;
  for (std::size_t at = list.find(kMark); at != std::string::npos; at = list.find(kMark, at)) {
    at += kMark.size();
    std::string text;
    const bool quoted = at < list.size() && list[at] == '"';
    for (at += quoted ? 1 : 0; at < list.size() && list[at] != (quoted ? '"' : ')'); ++at) {
      if (list[at] == '\\' && at + 1 < list.size()) ++at;
      text.push_back(list[at]);
    }
    texts.push_back(text);
  }
  return texts;
}

}  // namespace

void read_lambada(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const std::string text = fields.text({"text"});
    if (text.find(' ') == std::string::npos) fields.fail("'text' has one word (two are needed)");
    items.add({{"text", text}});
  }
}

void read_triviaqa(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const RecordFields answer = fields.part({"Answer", "answer"});
    std::vector<std::string> answers = {answer.text({"Value", "value"})};
    for (const char* name : {"Aliases", "aliases", "HumanAnswers"})
      if (answer.has({name}))
        for (std::string& alias : answer.texts({name})) answers.push_back(std::move(alias));
    items.add({{"question", fields.text({"Question", "question"})},
               {"answers", accepted_answers(fields, answers)}},
              fields.text_or({"QuestionId", "question_id"}, ""));
  }
}

void read_naturalqs(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    items.add({{"question", fields.text({"question"})},
               {"answers", accepted_answers(fields, fields.texts({"answer"}))}},
              fields.text_or({"id"}, ""));
  }
}

void read_webqs(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const bool published = fields.has({"targetValue"});
    items.add({{"question", fields.text({"utterance", "question"})},
               {"answers", accepted_answers(
                               fields, published ? listed_descriptions(fields.text({"targetValue"}))
                                                 : fields.texts({"answers"}))}});
  }
}

}  // namespace isoloss
