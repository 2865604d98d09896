// Every card of the lmeval profile on its sample, one worked example before it: texts written by
// hand as the templates of lm-evaluation-harness 0.4.13 write them.
#include "tests/harness/oneshot/expected_prompts.h"

namespace isoloss {
namespace {

// clang-format off
const ExpectedPrompt kLmevalPrompts[] = {
    {"anli_r1",
     {"All shops close at six.\nQuestion: Shops are open at seven. True, False, or Neither?\n"
          "Answer: False\n\nThe tower has nine floors.\nQuestion: The tower is tall. True, False, "
          "or Neither?\nAnswer:"},
     {" True", " Neither", " False"},
     {1},
     {},
     {{187, 5}, {187, 8}, {187, 6}}},
    {"anli_r2",
     {"The lake froze.\nQuestion: The lake stayed warm. True, False, or Neither?\nAnswer: False\n"
          "\nLeo won three medals.\nQuestion: Leo won a medal. True, False, or Neither?\nAnswer:"},
     {" True", " Neither", " False"},
     {0},
     {},
     {{169, 5}, {169, 8}, {169, 6}}},
    {"anli_r3",
     {"The train is late.\nQuestion: The train is not on time. True, False, or Neither?\nAnswer: "
          "True\n\nEve sells maps.\nQuestion: Eve buys maps. True, False, or Neither?\nAnswer:"},
     {" True", " Neither", " False"},
     {1},
     {},
     {{167, 5}, {167, 8}, {167, 6}}},
    {"arc_challenge",
     {"Question: What moves the tides?\nAnswer: the moon\n\nQuestion: Why does a spoon in tea "
          "get hot?\nAnswer:"},
     {" friction", " conduction", " gravity", " sound"},
     {1},
     {},
     {{100, 9}, {100, 11}, {100, 8}, {100, 6}}},
    {"arc_easy",
     {"Question: What do plants need?\nAnswer: light\n\nQuestion: Which of these melts?\nAnswer:"},
     {" ice", " stone", " sand"},
     {0},
     {},
     {{85, 4}, {85, 6}, {85, 5}}},
    {"boolq",
     {"Owl -- Owls hunt at night.\nQuestion: do owls hunt at noon?\nAnswer: no\n\nLead -- Lead "
          "is a soft metal.\nQuestion: is lead a metal?\nAnswer:"},
     {" no", " yes"},
     {1},
     {},
     {{135, 3}, {135, 4}}},
    {"cb",
     {"He knows that the door is open.\nQuestion: the door is open. True, False, or Neither?\n"
          "Answer: True\n\nShe thinks it rained.\nQuestion: it rained. True, False, or Neither?\n"
          "Answer:"},
     {" True", " False", " Neither"},
     {2},
     {},
     {{174, 5}, {174, 6}, {174, 8}}},
    {"copa",
     {"He missed the bus therefore  he came late.\n\nThe grass was wet because"},
     {"  it had rained.", "  i sang."},
     {0},
     {},
     {{69, 16}, {69, 9}}},
    {"coqa",
     {"Gus sold his hat.\n\nQ: What was sold?\n\nA: a hat\n\nPip found a coin.\n\nQ: Who found "
          "it?\n\nA: Pip\n\nQ: What?\n\nA: a coin\n\nQ: Where?\n\nA:"},
     {" in a well"},
     {0},
     {"in a well", "A well", "in a well", "the well"},
     {{127, 10}}},
    {"drop",
     {"Ten ships left and four came back. How many were lost?6\n\nThe Rams kicked a 20-yard "
          "and a 31-yard goal. How long were the goals?"},
     {"20-yard,31-yard"},
     {0},
     {"[\"20-yard\",\"31-yard\"]", "[\"20\",\"31\"]"},
     {{127, 15}}},
    {"hellaswag",
     {"Mowing: How to mow. Start the engine Pull the cord. Then push it slowly.\n\nBaking bread: "
          "A woman kneads dough. She"},
     {" puts it into the oven.", " rides a horse away.", " paints the fence.", " sells the boat."},
     {0},
     {},
     {{113, 23}, {113, 20}, {113, 18}, {113, 16}}},
    {"lambada",
     {"She fed the dog because it was  hungry\n\nHe dropped the old lamp and it broke on the"},
     {" floor"},
     {0},
     {},
     {{83, 6}}},
    {"multirc",
     {"Ida has two cats and a dog.\nQuestion: What does Ida have?\nAnswer: a horse\nIs the "
          "answer correct? yes\n\nIda has two cats and a dog.\nQuestion: What does Ida have?\nAnswer:"},
     {" two cats\nIs the answer correct? yes", " two cats\nIs the answer correct? no"},
     {1},
     {},
     {{167, 36}, {167, 35}}},
    {"naturalqs",
     {"Answer these questions:\n\nQ: when did the mill burn down?\nA: 1871\nQ: who wrote the "
          "tale of the seven hills?\nA:"},
     {" Ada Moor"},
     {0},
     {"Ada Moor"},
     {{109, 9}}},
    {"openbookqa",
     {"Frost forms when it is cold\n\nA lizard warms itself by"},
     {" sleeping", " lying in the sun", " eating snow", " singing"},
     {1},
     {},
     {{53, 9}, {53, 17}, {53, 12}, {53, 8}}},
    {"piqa",
     {"Question: Dry a wet shoe\nAnswer: Fill it with paper.\n\nQuestion: Keep soup warm\nAnswer:"},
     {" Put a lid on it.", " Put it on ice."},
     {0},
     {},
     {{86, 17}, {86, 15}}},
    {"race_high",
     {"Article: Rain fell all day.\n\nWhat fell? rain\n\nArticle: Mia owns a red kite.\n\nThe "
          "kite is red\nQuestion: Who owns it?\nAnswer: Mia\nWhat does she fly?"},
     {" a kite", " a plane", " a flag", " a drone"},
     {0},
     {},
     {{146, 7}, {146, 8}, {146, 7}, {146, 8}}},
    {"record",
     {"Acme sold its mill to Borg.\n\n  - The mill is old.\n   - Workers of Acme fear for their "
          "jobs.\n\nNora Bell met Ivo Kent in Oslo.\n\n  - They spoke for an hour.\n  - No one "
          "else came."},
     {"\n   - Ivo Kent flew home to Rome.", "\n   - Nora Bell flew home to Rome.", "\n   - Oslo flew home to Rome."},
     {0},
     {"Ivo Kent"},
     {{175, 33}, {175, 34}, {175, 29}}},
    {"rte",
     {"The ship sank in May.\nQuestion: The ship is new. True or False?\nAnswer: False\n\nRome "
          "is in Italy.\nQuestion: Italy has Rome. True or False?\nAnswer:"},
     {" True", " False"},
     {0},
     {},
     {{145, 5}, {145, 6}}},
    {"squadv2",
     {"Title: Bees\n\nBackground: Bees dance to show the way.\n\nQuestion: Why do bees dance?\n"
          "\nAnswer:  to show the way\n\nTitle: Canals\n\nBackground: The canal was dug in 1820.\n"
          "\nQuestion: How deep is it?\n\nAnswer:"},
     {" unanswerable"},
     {0},
     {},
     {{199, 13}}},
    {"storycloze",
     {"Ann planted a seed. She watered it. The sun shone. Weeks went by. A flower grew.\n\n"
          "Tom lost his key. He searched the car. He searched the yard. It was in his shoe."},
     {" Tom laughed.", " Tom bought a cow."},
     {0},
     {},
     {{162, 13}, {162, 18}}},
    {"triviaqa",
     {"Question: What is the metal of pencils' tips not?\nAnswer: Lead\n\nQuestion: Which planet "
          "has the largest rings?\nAnswer:"},
     {" Saturn"},
     {0},
     {"Saturn", "Planet Saturn"},
     {{117, 7}}},
    {"webqs",
     {"Question: where was he born?\nAnswer: Turin\n\nQuestion: what languages do they speak "
          "there?\nAnswer:"},
     {" German", " Low German"},
     {0, 1},
     {},
     {{97, 7}, {97, 11}}},
    {"wic",
     {"Sentence 1: A bat flew by.\nSentence 2: The bat sleeps by day.\nQuestion: Is the word "
          "'bat' used in the same way in the two sentences above?\nAnswer: yes\n\nSentence 1: He "
          "sat on the bank of the stream.\nSentence 2: The bank lends money.\nQuestion: Is the "
          "word 'bank' used in the same way in the two sentences above?\nAnswer:"},
     {" no", " yes"},
     {0},
     {},
     {{317, 3}, {317, 4}}},
    {"winograd",
     {"Paul phoned Jim. Paul's  bag was lost.\n\nThe cup did not fit in the box because the "
          "cup",
          "Paul phoned Jim. Paul's  bag was lost.\n\nThe cup did not fit in the box because the "
          "box"},
     {"  was too small.", "  was too small."},
     {1},
     {},
     {{86, 16}, {86, 16}}},
    {"winogrande",
     {"Kim thanked Lee because Lee had helped.\n\nThe jar fell off the shelf because the jar",
          "Kim thanked Lee because Lee had helped.\n\nThe jar fell off the shelf because the shelf"},
     {" was tilted.", " was tilted."},
     {1},
     {},
     {{83, 12}, {85, 12}}},
    {"wsc",
     {"Passage: The vase hit the floor and *it* broke.\nQuestion: In the passage above, does "
          "the pronoun \"*it*\" refer to \"*The vase*\"?\nAnswer: yes\n\nPassage: Sam told Max "
          "that he (Max) had won, so *he* smiled.\nQuestion: In the passage above, does the pronoun "
          "\"*he*\" refer to \"*Max*\"?\nAnswer:"},
     {" no", " yes"},
     {1},
     {},
     {{282, 3}, {282, 4}}},
};
// clang-format on

TEST(LmevalPrompts, EveryCardWritesItsPromptAndDividesItsTokens) {
  std::set<std::string> seen;
  for (const ExpectedPrompt& expected : kLmevalPrompts) {
    expect_prompt("lmeval", expected);
    seen.insert(expected.task);
  }
  EXPECT_EQ(seen, tasks_of("lmeval")) << "a card without an expected prompt, or the reverse";
}

}  // namespace
}  // namespace isoloss
