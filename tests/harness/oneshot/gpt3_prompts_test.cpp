// Every card of the gpt3 profile on its sample, one worked example before it: texts written by hand
// as GPT-3's appendix G prints them and section 2.4 joins them.
#include "tests/harness/oneshot/expected_prompts.h"

namespace isoloss {
namespace {

// clang-format off
const ExpectedPrompt kGpt3Prompts[] = {
    {"anli_r1",
     {"anli 1: anli 1: All shops close at six.\nQuestion: Shops are open at seven. True, False, "
          "or Neither? False\n\nanli 1: anli 1: The tower has nine floors.\nQuestion: The tower "
          "is tall. True, False, or Neither?"},
     {" True", " Neither", " False"},
     {1},
     {},
     {{203, 5}, {203, 8}, {203, 6}}},
    {"anli_r2",
     {"anli 2: anli 2: The lake froze.\nQuestion: The lake stayed warm. True, False, or Neither? "
          "False\n\nanli 2: anli 2: Leo won three medals.\nQuestion: Leo won a medal. True, False, "
          "or Neither?"},
     {" True", " Neither", " False"},
     {0},
     {},
     {{185, 5}, {185, 8}, {185, 6}}},
    {"anli_r3",
     {"anli 3: anli 3: The train is late.\nQuestion: The train is not on time. True, False, "
          "or Neither? True\n\nanli 3: anli 3: Eve sells maps.\nQuestion: Eve buys maps. True, "
          "False, or Neither?"},
     {" True", " Neither", " False"},
     {1},
     {},
     {{183, 5}, {183, 8}, {183, 6}}},
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
     {"Owl -- Owls hunt at night.\nquestion: do owls hunt at noon?\nanswer: no\n\nLead -- Lead "
          "is a soft metal.\nquestion: is lead a metal?\nanswer:"},
     {" no", " yes"},
     {1},
     {},
     {{135, 3}, {135, 4}}},
    {"cb",
     {"He knows that the door is open.\nquestion: the door is open. true, false, or neither?\n"
          "answer: true\n\nShe thinks it rained.\nquestion: it rained. true, false, or neither?\n"
          "answer:"},
     {" true", " false", " neither"},
     {2},
     {},
     {{174, 5}, {174, 6}, {174, 8}}},
    {"copa",
     {"He missed the bus therefore he came late.\n\nThe grass was wet because"},
     {" it had rained.", " i sang."},
     {0},
     {},
     {{68, 15}, {68, 8}}},
    {"coqa",
     {"Gus sold his hat.\n\nQ: What was sold?\n\nA: a hat\n\nPip found a coin.\n\nQ: Who found "
          "it?\n\nA: Pip\n\nQ: What?\n\nA: a coin\n\nQ: Where?\n\nA:"},
     {" in a well"},
     {0},
     {"in a well", "A well", "in a well", "the well"},
     {{127, 10}}},
    {"drop",
     {"Passage: Ten ships left and four came back.\nQuestion: How many were lost?\nAnswer: "
          "6\n\nPassage: The Rams kicked a 20-yard and a 31-yard goal.\nQuestion: How long were "
          "the goals?\nAnswer:"},
     {" 20-yard, 31-yard"},
     {0},
     {"[\"20-yard\",\"31-yard\"]", "[\"20\",\"31\"]"},
     {{182, 17}}},
    {"hellaswag",
     {"Mowing: [header] How to mow [title] Start the engine [step] Pull the cord. Then push "
          "it [substeps] slowly.\n\nBaking bread: A woman kneads dough. she"},
     {" puts it into the oven.", " rides a horse away.", " paints the fence.", " sells the boat."},
     {0},
     {},
     {{147, 23}, {147, 20}, {147, 18}, {147, 16}}},
    {"lambada",
     {"Fill in blank: She fed the dog because it was ____. -> hungry\nFill in blank: He dropped "
          "the old lamp and it broke on the ____. ->"},
     {" floor"},
     {0},
     {},
     {{129, 6}}},
    {"multirc",
     {"READING COMPREHENSION ANSWER KEY\n\nOil floats on water.\n\nWhat floats?\n- [False] "
          "water\n- [True] oil\n\nIda has two cats and a dog.\n\nWhat does Ida have?"},
     {"\n- [True] two cats", "\n- [False] two cats", "\n- [True] a horse", "\n- [False] a horse", "\n- [True] a dog", "\n- [False] a dog"},
     {0, 3, 4},
     {},
     {{147, 18}, {147, 19}, {147, 17}, {147, 18}, {147, 15}, {147, 16}}},
    {"naturalqs",
     {"Q: when did the mill burn down\n\nA: 1871\n\nQ: who wrote the tale of the seven hills\n"
          "\nA:"},
     {" Ada Moor"},
     {0},
     {"Ada Moor"},
     {{85, 9}}},
    {"openbookqa",
     {"Frost forms when it is cold\n\nA lizard warms itself by"},
     {" sleeping", " lying in the sun", " eating snow", " singing"},
     {1},
     {},
     {{53, 9}, {53, 17}, {53, 12}, {53, 8}}},
    {"piqa",
     {"Dry a wet shoe Fill it with paper.\n\nKeep soup warm"},
     {" Put a lid on it.", " Put it on ice."},
     {0},
     {},
     {{50, 17}, {50, 15}}},
    {"quac",
     {"TITLE: The Larks - 1990s\nPARAGRAPH: The band split in 1994.\n\nQ: When did they split?\n\nA: "
          "in 1994\n\nTITLE: Ida Voss - Early life\nPARAGRAPH: Voss grew up in Riga.\n\nQ: Where did she grow "
          "up?\n\nA: in Riga\n\nQ: Did she study?\n\nA:"},
     {" CANNOTANSWER"},
     {0},
     {"CANNOTANSWER"},
     {{221, 13}}},
    {"race_high",
     {"Article:\nRain fell all day.\n\nQ: What fell?\n\nA: rain\n\nArticle:\nMia owns a red "
          "kite.\n\nQ: The kite is  _  .\n\nA: red\n\nQ: Who owns it?\n\nA: Mia\n\nQ: What does "
          "she fly?\n\nA:"},
     {" a kite", " a plane", " a flag", " a drone"},
     {0},
     {},
     {{164, 7}, {164, 8}, {164, 7}, {164, 8}}},
    {"race_middle",
     {"Article:\nThe shop is shut.\n\nQ: Is it open?\n\nA: no\n\nArticle:\nBen walks to school.\n"
          "\nQ: Where does he go?\n\nA: to school\n\nQ: Who walks?\n\nA:"},
     {" Ben", " Sue", " Tim", " Kay"},
     {0},
     {},
     {{135, 4}, {135, 4}, {135, 4}, {135, 4}}},
    {"record",
     {"Acme sold its mill to Borg.\n\n- The mill is old\n- Workers of Acme fear for their jobs.\n"
          "\nNora Bell met Ivo Kent in Oslo.\n\n- They spoke for an hour\n- No one else came"},
     {"\n- Ivo Kent flew home to Rome.", "\n- Nora Bell flew home to Rome.", "\n- Oslo flew home to Rome."},
     {0},
     {"Ivo Kent"},
     {{163, 30}, {163, 31}, {163, 26}}},
    {"rte",
     {"The ship sank in May.\nquestion: The ship is new. True or False?\nanswer: False\n\nRome "
          "is in Italy.\nquestion: Italy has Rome. True or False?\nanswer:"},
     {" True", " False"},
     {0},
     {},
     {{145, 5}, {145, 6}}},
    {"squadv2",
     {"Title: Bees\n\nBackground: Bees dance to show the way.\n\nQ: Why do bees dance?\n\nA: "
          "to show the way\n\nTitle: Canals\n\nBackground: The canal was dug in 1820.\n\nQ: When "
          "was it dug?\n\nA: 1820\n\nQ: Who dug it?\n\nA: unanswerable\n\nQ: How deep is it?\n\n"
          "A:"},
     {" unanswerable"},
     {0},
     {},
     {{237, 13}}},
    {"storycloze",
     {"Ann planted a seed. She watered it. The sun shone. Weeks went by. A flower grew.\n\n"
          "Tom lost his key. He searched the car. He searched the yard. It was in his shoe."},
     {" Tom laughed.", " Tom bought a cow."},
     {0},
     {},
     {{162, 13}, {162, 18}}},
    {"triviaqa",
     {"Q: What is the metal of pencils' tips not\n\nA: Lead\n\nQ: Which planet has the largest "
          "rings\n\nA:"},
     {" Saturn"},
     {0},
     {"Saturn", "Planet Saturn"},
     {{93, 7}}},
    {"webqs",
     {"Q: where was he born?\n\nA: Turin\n\nQ: what languages do they speak there?\n\nA:"},
     {" Low German"},
     {0},
     {"Low German", "German", "Low German dialect"},
     {{75, 11}}},
    {"wic",
     {"A bat flew by.\nThe bat sleeps by day.\nquestion: Is the word 'bat' used in the same "
          "way in the two sentences above?\nanswer: yes\n\nHe sat on the bank of the stream.\nThe "
          "bank lends money.\nquestion: Is the word 'bank' used in the same way in the two sentences "
          "above?\nanswer:"},
     {" no", " yes"},
     {0},
     {},
     {{269, 3}, {269, 4}}},
    {"winograd",
     {"Paul phoned Jim. Paul's bag was lost.\n\nThe cup did not fit in the box because the cup",
          "Paul phoned Jim. Paul's bag was lost.\n\nThe cup did not fit in the box because the box"},
     {" was too small.", " was too small."},
     {1},
     {},
     {{85, 15}, {85, 15}}},
    {"winogrande",
     {"Kim thanked Lee because Lee had helped.\n\nThe jar fell off the shelf because the jar",
          "Kim thanked Lee because Lee had helped.\n\nThe jar fell off the shelf because the shelf"},
     {" was tilted.", " was tilted."},
     {1},
     {},
     {{83, 12}, {85, 12}}},
    {"wsc",
     {"Final Exam with Answer Key\nInstructions: Please carefully read the following passages. "
          "For each passage, you must identify which noun the pronoun marked in *bold* refers to.\n"
          "=====\nPassage: The vase hit the floor and *it* broke.\nQuestion: In the passage above, "
          "what does the pronoun \"*it*\" refer to?\nAnswer: The vase\n=====\nPassage: Sam told "
          "Max that he ( Max ) had won , so *he* smiled .\nQuestion: In the passage above, what "
          "does the pronoun \"*he*\" refer to?\nAnswer:"},
     {" Max"},
     {0},
     {"Max"},
     {{465, 4}}},
};
// clang-format on

TEST(Gpt3Prompts, EveryCardWritesItsPromptAndDividesItsTokens) {
  std::set<std::string> seen;
  for (const ExpectedPrompt& expected : kGpt3Prompts) {
    expect_prompt("gpt3", expected);
    seen.insert(expected.task);
  }
  EXPECT_EQ(seen, tasks_of("gpt3")) << "a card without an expected prompt, or the reverse";
}

}  // namespace
}  // namespace isoloss
