// The forms in which a publisher has a data set beside the one that
// tests/harness/oneshot/publishers holds: other releases, other names. Fields are the releases'
// own, texts are ours.
#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "results/durable_file.h"
#include "tests/harness/oneshot/datasets/public_samples.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct OtherForm {
  const char* data_set;
  const char* file;  // below the data set's folder
  const char* content;
  const char* items;
};

const OtherForm kForms[] = {
    // GPT-2's release of LAMBADA: original case, one object a line.
    {"lambada", "lambada_test.jsonl", R"({"text": "\"Where to?\" asked Ann. \"To Rome"})",
     R"([{"id": "1", "group": "1", "text": "\"Where to?\" asked Ann. \"To Rome"}])"},
    {"storycloze", "cloze_test_test__spring2016 - cloze_test_ALL_test.tsv",
     "InputStoryid\tInputSentence1\tInputSentence2\tInputSentence3\tInputSentence4\t"
     "RandomFifthSentenceQuiz1\tRandomFifthSentenceQuiz2\tAnswerRightEnding\n"
     "s-2\tOne.\tTwo.\tThree.\tFour.\tSix.\tFive.\t2\n",
     R"([{"id": "s-2", "group": "s-2", "sentences": ["One.", "Two.", "Three.", "Four."],
          "endings": ["Six.", "Five."], "label": 1}])"},
    // Answers that people gave stand beside the aliases; no folder qa/.
    {"triviaqa", "wikipedia-dev.json",
     R"({"Data": [{"Answer": {"Aliases": ["Seine"], "HumanAnswers": ["The Seine"], "Value": "Seine",
          "MatchedWikiEntityName": "Seine", "NormalizedAliases": ["seine"]}, "EntityPages":
          [{"DocSource": "TagMe", "Filename": "Seine.txt", "Title": "Seine"}],
          "Question": "Which river flows through Paris?", "QuestionId": "q_2",
          "QuestionPartOfVerifiedEval": true}], "VerifiedEval": false})",
     R"([{"id": "q_2", "group": "q_2", "question": "Which river flows through Paris?",
          "answers": ["Seine", "The Seine"]}])"},
    {"winograd", "wsc273.json",
     R"([{"text": "Ann met Eve as she left.", "pronoun": "she", "pronoun_loc": 15,
          "options": ["Ann", "Eve"], "label": 1}])",
     R"([{"id": "1", "group": "1", "text": "Ann met Eve as _ left.", "pronoun": "she",
          "options": ["Ann", "Eve"], "label": 1}])"},
    // Trinh & Le's release: a sentence with either noun phrase where the pronoun stood.
    {"winograd", "wsc273.json",
     R"([{"question_id": 0, "correctness": true, "substitution": "Ann met Eve as Ann left."},
         {"question_id": 0, "correctness": false, "substitution": "Ann met Eve as Eve left."}])",
     R"([{"id": "0", "group": "0", "text": "Ann met Eve as _ left.", "pronoun": "",
          "options": ["Ann", "Eve"], "label": 0}])"},
    // The competition's release has ids; its labels lie beside it (written by the test).
    {"piqa", "dev.jsonl", R"({"id": "p1", "goal": "Dry.", "sol1": "Wait.", "sol2": "Wet it."})",
     R"([{"id": "p1", "group": "p1", "goal": "Dry.", "solutions": ["Wait.", "Wet it."],
          "label": 1}])"},
    // BoolQ before SuperGLUE: a title of its own, and a truth value as answer.
    {"boolq", "dev.jsonl",
     R"({"question": "is tea a plant", "title": "Tea", "answer": true,
         "passage": "Tea -- or cha -- is made of leaves."})",
     R"([{"id": "1", "group": "text 1", "title": "Tea", "question": "is tea a plant",
          "passage": "Tea -- or cha -- is made of leaves.", "label": true}])"},
    {"copa", "val.jsonl",
     R"({"premise": "It rained.", "choice1": "It dried.", "choice2": "I got wet.",
         "question": "effect", "label": 1, "idx": 4})",
     R"([{"id": "4", "group": "4", "premise": "It rained.", "question": "effect",
          "choices": ["It dried.", "I got wet."], "label": 1}])"},
    // GLUE's.
    {"rte", "dev.tsv", "index\tsentence1\tsentence2\tlabel\n7\tAnn ran.\tAnn moved.\tentailment\n",
     R"([{"id": "7", "group": "text 1", "premise": "Ann ran.", "hypothesis": "Ann moved.",
          "label": "entailment"}])"},
    {"wic", "val.jsonl",
     R"({"word": "bank", "sentence1": "A bank lent.", "sentence2": "The banks lend.", "idx": 5,
         "label": true, "start1": 2, "start2": 4, "end1": 6, "end2": 9, "version": 1.1})",
     R"([{"id": "5", "group": "5", "sentence1": "A bank lent.", "sentence2": "The banks lend.",
          "word": "bank", "label": true}])"},
    {"multirc", "dev_83-fixedIds.json",
     R"({"data": [{"id": "f/2", "paragraph": {"text": "<b>Sent 1: </b>It snows.<br>",
          "questions": [{"question": "What falls?", "sentences_used": [0], "idx": "3",
          "multisent": true, "answers": [{"text": "snow", "isAnswer": true, "scores": {}},
                                         {"text": "rain", "isAnswer": false, "scores": {}}]}]}}]})",
     R"([{"id": "f/2/3", "group": "f/2", "passage": "It snows.", "question": "What falls?",
          "answers": [{"text": "snow", "label": true}, {"text": "rain", "label": false}]}])"},
    {"record", "dev.json",
     R"({"version": "1.0", "data": [{"id": "d", "source": "ours", "passage": {
          "text": "Zoë ran.\n@highlight\n\nShe won", "entities": [{"start": 0, "end": 2}]},
          "qas": [{"id": "q", "query": "@placeholder was fast",
                   "answers": [{"start": 0, "end": 2, "text": "Zoë"}]}]}]})",
     R"([{"id": "d/q", "group": "d", "passage": "Zoë ran.", "highlights": ["She won"],
          "query": "@placeholder was fast", "entities": ["Zoë"], "answers": ["Zoë"]}])"},
};

TEST(OtherForms, AreReadAsTheFirstIs) {
  for (const OtherForm& form : kForms) {
    const PublicDataSet& set = data_set(form.data_set);
    const fs::path folder = fresh_folder("other-forms");
    const fs::path file = folder / set.folders.front() / form.file;
    std::string content = form.content;
    if (file.extension() == ".jsonl") std::ranges::replace(content, '\n', ' ');  // one object
    write_durably(file, content);
    if (form.data_set == std::string("piqa")) write_durably(folder / "piqa/dev-labels.lst", "1\n");
    const auto read = read_public_data(folder, set, 10);
    ASSERT_TRUE(read) << form.data_set << " " << form.file;
    EXPECT_EQ(json(read->items), json::parse(form.items)) << form.data_set << " " << form.file;
  }
}

// LAMBADA's development text is what shots come from, whichever release is asked.
TEST(OtherForms, ShotsOfLambadaAreLines) {
  const fs::path folder = fresh_folder("lambada-shots");
  write_durably(folder / "lambada/lambada_test.jsonl", R"({"text": "To Rome"})");
  write_durably(folder / "lambada/lambada_development_plain_text.txt", "he ran home\nshe sat\n");
  const auto read = read_public_data(folder, data_set("lambada"), 10);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->shots.size(), 2U);
  EXPECT_EQ(read->shots[1]["text"], "she sat");
}

bool lies_in_publishers(const PublicDataSet& set, const std::string& pattern) {
  const fs::path all = samples("publishers");
  for (const std::string& folder : set.folders) {
    if (!fs::is_directory(all / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(all / folder))
      if (::fnmatch(("*/" + pattern).c_str(), entry.path().c_str(), 0) == 0) return true;
  }
  return false;
}

// A name that is added to the table without a sample fails here.
TEST(OtherForms, EveryNameThatIsLookedForHasASample) {
  for (const PublicDataSet& set : public_data_sets())
    for (const std::string& pattern : set.evaluated.files) {
      const bool here = std::ranges::any_of(kForms, [&](const OtherForm& form) {
        return form.data_set == set.name && ::fnmatch(pattern.c_str(), form.file, 0) == 0;
      });
      EXPECT_TRUE(here || lies_in_publishers(set, pattern)) << set.name << " " << pattern;
    }
}

}  // namespace
}  // namespace isoloss
