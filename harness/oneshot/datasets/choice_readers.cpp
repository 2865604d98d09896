#include <fmt/format.h>

#include <algorithm>

#include "harness/oneshot/datasets/item_readers.h"
#include "harness/oneshot/datasets/record_fields.h"

namespace isoloss {
namespace {

// The texts and letters of the choices: a list of {text, label} or two lists beside each other.
struct LetteredChoices {
  std::vector<std::string> texts;
  std::vector<std::string> letters;
};

LetteredChoices lettered_choices(const RecordFields& owner) {
  LetteredChoices choices;
  if (owner.value({"choices"}).is_array()) {
    for (const RecordFields& choice : owner.parts({"choices"})) {
      choices.texts.push_back(choice.text({"text"}));
      choices.letters.push_back(choice.text({"label"}));
    }
  } else {
    choices.texts = owner.part({"choices"}).texts({"text"});
    choices.letters = owner.part({"choices"}).texts({"label"});
  }
  if (choices.texts.size() != choices.letters.size() || choices.texts.empty())
    owner.fail(fmt::format("{} choices and {} labels (each choice has one)", choices.texts.size(),
                           choices.letters.size()));
  return choices;
}

}  // namespace

void read_hellaswag(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const auto endings = fields.texts({"endings"});
    if (endings.size() != 4) fields.fail(fmt::format("{} endings (4 are wanted)", endings.size()));
    items.add({{"activity", fields.text({"activity_label"})},
               {"ctx_a", fields.text({"ctx_a"})},
               {"ctx_b", fields.text({"ctx_b"})},
               {"ctx", fields.text({"ctx"})},
               {"endings", endings},
               {"label", fields.choice({"label"}, 0, 4)}},
              fields.text_or({"ind"}, ""), fields.text_or({"source_id"}, ""));
  }
}

void read_storycloze(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    items.add({{"sentences",
                {fields.text({"InputSentence1", "input_sentence_1"}),
                 fields.text({"InputSentence2", "input_sentence_2"}),
                 fields.text({"InputSentence3", "input_sentence_3"}),
                 fields.text({"InputSentence4", "input_sentence_4"})}},
               {"endings",
                {fields.text({"RandomFifthSentenceQuiz1", "sentence_quiz1"}),
                 fields.text({"RandomFifthSentenceQuiz2", "sentence_quiz2"})}},
               {"label", fields.choice({"AnswerRightEnding", "answer_right_ending"}, 1, 2)}},
              fields.text_or({"InputStoryid", "story_id"}, ""));
  }
}

void read_piqa(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    items.add({{"goal", fields.text({"goal"})},
               {"solutions", {fields.text({"sol1"}), fields.text({"sol2"})}},
               {"label", fields.choice({"label"}, 0, 2)}},
              fields.text_or({"id"}, ""));
  }
}

void read_lettered_choices(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const bool published = fields.has({"question"}) && fields.value({"question"}).is_object();
    const RecordFields owner = published ? fields.part({"question"}) : fields;
    const LetteredChoices choices = lettered_choices(owner);
    const std::string key = fields.text({"answerKey"});
    const auto right = std::find(choices.letters.begin(), choices.letters.end(), key);
    if (right == choices.letters.end())
      fields.fail(fmt::format("'answerKey' is '{}' (the choices are {})", key,
                              fmt::join(choices.letters, ", ")));
    items.add({{"question", owner.text({"stem", "question_stem", "question"})},
               {"choices", choices.texts},
               {"label", right - choices.letters.begin()}},
              fields.text_or({"id"}, ""));
  }
}

void read_copa(std::span<const DataRecord> records, ItemList& items) {
  for (const DataRecord& record : records) {
    const RecordFields fields(record);
    const bool original = fields.has({"asks-for"});
    items.add({{"premise", fields.text({"premise", "p"})},
               {"question", fields.label({"question", "asks-for"}, {"cause", "effect"})},
               {"choices", {fields.text({"choice1", "a1"}), fields.text({"choice2", "a2"})}},
               {"label", original ? fields.choice({"most-plausible-alternative"}, 1, 2)
                                  : fields.choice({"label"}, 0, 2)}},
              fields.text_or({"idx", "id"}, ""));
  }
}

}  // namespace isoloss
