// Every fault of a study file is one line that names file, line and key, says why and what to do.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/yaml/yaml_view.h"
#include "sweeps/study.h"
#include "sweeps/study_data.h"
#include "sweeps/study_grid.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

TEST(StudyErrors, TheSmallStudyItselfIsTaken) { EXPECT_EQ(message_for({}), ""); }

TEST(StudyErrors, UnknownSection) {
  EXPECT_EQ(message_for({{4, "optimiser: {warmup_steps: 10}"}}),
            "study.yaml:4: optimiser: unknown key (no such name here); did you mean "
            "'optimizer'?");
}

TEST(StudyErrors, UnknownKeyInside) {
  EXPECT_EQ(message_for({{3, "model: {d_haed: 8, sequence: 16}"}}),
            "study.yaml:3: model.d_haed: unknown key (no such name here); did you mean "
            "'d_head'?");
}

TEST(StudyErrors, WrongTypeOfASpecField) {
  EXPECT_EQ(message_for({{3, "model: {d_head: eight, sequence: 16}"}}),
            "study.yaml:3: model.d_head: d_head is 'eight' (not a whole number); give a "
            "whole number");
}

TEST(StudyErrors, CountBeyondWhatIsExact) {
  EXPECT_EQ(message_for({{3, "model: {d_head: 1e18, sequence: 16}"}}),
            "study.yaml:3: model.d_head: d_head is '1e18' (beyond 2^53, up to which counts are "
            "exact); give a whole number");
}

// Wherever a switch may stand: for all trials, as an axis, in an architecture of the study's own.
TEST(StudyErrors, MisspeltValueOfASwitch) {
  EXPECT_EQ(message_for({{3, "model: {d_head: 8, sequence: 16, activation: sqared_relu}"}}),
            "study.yaml:3: model.activation: activation is 'sqared_relu' (not one of its choices); "
            "did you mean 'squared_relu'?");
  EXPECT_EQ(
      message_for({{10, "  positions: [relative, rotery]"}}),
      "study.yaml:10: grid.positions: positions is 'rotery' (not one of its choices); did you "
      "mean 'rotary'?");
  EXPECT_EQ(message_for({{6, "  architecture: [{name: mine, base: primer, shared_qk: per-head}]"}}),
            "study.yaml:6: grid.architecture.shared_qk: shared_qk is 'per-head' (not one of its "
            "choices); did you mean 'per_head'?");
  EXPECT_EQ(message_for({{7, "  size: [{name: s, d_model: 16, tied: no}]"}}),
            "study.yaml:7: grid.size.tied: tied is 'no' (not true or false); give true or false");
}

TEST(StudyErrors, ValueOfASwitchThatIsNearNone) {
  EXPECT_EQ(
      message_for({{3, "model: {d_head: 8, sequence: 16, norm: batch}"}}),
      "study.yaml:3: model.norm: norm is 'batch' (not one of its choices); known: layer, rms, "
      "primer, none");
}

TEST(StudyErrors, MisspeltNamesOfTrainingsValues) {
  EXPECT_EQ(message_for({{4, "optimizer: {name: adamv, batch_tokens: 64}"}}),
            "study.yaml:4: optimizer.name: 'adamv' is not known (not one of its choices); did you "
            "mean 'adamw'?");
  EXPECT_EQ(
      message_for({{10, "run: {dtype: bfloat}"}}),
      "study.yaml:10: run.dtype: 'bfloat' is not known (not one of its choices); did you mean "
      "'bfloat16'?");
}

TEST(StudyErrors, PartsOfAConvolutionInAnotherOrder) {
  EXPECT_EQ(
      message_for(
          {{3, "model: {d_head: 8, sequence: 16, convolution_width: 3, convolution_on: vk}"}}),
      "study.yaml:3: model.convolution_on: convolution_on is 'vk' (some of q, k, v are wanted, in "
      "this order); give for example qkv or kv, and convolution_width: 0 for none");
}

TEST(StudyErrors, WrongTypeOfAnOptimizerField) {
  EXPECT_EQ(message_for({{4, "optimizer: {learning_rate: fast, batch_tokens: 64}"}}),
            "study.yaml:4: optimizer.learning_rate: 'fast' is not a number (a finite number "
            "is wanted); write it like 0.05");
}

TEST(StudyErrors, ListForAName) {
  EXPECT_EQ(message_for({{1, "study: [a]"}}),
            "study.yaml:1: study: not a single value (it is a list); give one word or number");
}

TEST(StudyErrors, EmptyAxis) {
  EXPECT_EQ(message_for({{6, "  architecture: []"}}),
            "study.yaml:6: grid.architecture: the list is empty (an axis needs at least one "
            "value); give one or remove the key");
}

TEST(StudyErrors, AxisWithoutValues) {
  EXPECT_EQ(message_for({{9, "  seed:"}}),
            "study.yaml:9: grid.seed: nothing is given (an axis needs at least one value); "
            "give one or remove the key");
}

TEST(StudyErrors, FieldFixedAndAxis) {
  EXPECT_EQ(message_for({{9, "  layers: [1, 2]"}}),
            "study.yaml:9: grid.layers: also given as model.layers in line 3 (a field is "
            "either fixed or an axis); remove one of the two");
}

TEST(StudyErrors, RateFixedAndSearched) {
  EXPECT_EQ(message_for({{4, "optimizer: {learning_rate: 0.05, batch_tokens: 64}"},
                         {9, "  learning_rate: {search: [0.03, 0.05], decide_at: {tokens: 640}}"}}),
            "study.yaml:9: grid.learning_rate: also given as optimizer.learning_rate in line "
            "4 (a field is either fixed or searched); remove one of the two");
}

TEST(StudyErrors, WarmupTwice) {
  EXPECT_EQ(
      message_for({{4, "optimizer: {warmup_steps: 10, warmup_tokens: 640, batch_tokens: 64}"}}),
      "study.yaml:4: optimizer.warmup_steps: given beside warmup_tokens (both say how "
      "long the warm-up is); remove one");
}

TEST(StudyErrors, AxisGivenTwice) {
  EXPECT_EQ(message_for({{10, "  seed: [1]"}}),
            "study.yaml:10: grid.seed: given twice (first in line 9); keep one of them");
}

TEST(StudyErrors, SectionGivenTwice) {
  EXPECT_EQ(message_for({{10, "study: again"}}),
            "study.yaml:10: study: given twice (first in line 1); keep one of them");
}

TEST(StudyErrors, WidthThatDoesNotDivide) {
  EXPECT_EQ(message_for({{7, "  size: [{name: s, d_model: 18}]"}}),
            "study.yaml:7: grid.size.s: d_model 18 does not divide by d_head 8 (heads are "
            "d_model / d_head); change one of them or give heads");
}

// The fault is found before the folder is looked at, which is not there.
TEST(StudyErrors, ShareHeldOutOfTokensThatHaveTheirOwn) {
  EXPECT_EQ(message_for({{2, "data: {tokens: nowhere, vocabulary: 256, validation: 0.1}"}}),
            "study.yaml:2: data.validation: given with tokens (`isoloss data prepare` held its own "
            "part out); remove it");
}

// The size alone does not say it where only one of several architectures contradicts.
TEST(StudyErrors, FaultOfOneArchitectureAtASizeNamesBoth) {
  EXPECT_EQ(message_for({{6,
                          "  architecture: [transformer, {name: mine, base: transformer, "
                          "kv_heads: 3}]"}}),
            "study.yaml:7: grid.size.s: with the architecture mine, kv_heads 3 does not divide the "
            "2 heads (each serves as many of them); give a divisor");
}

TEST(StudyErrors, BatchThatIsNoMultipleOfTheSequence) {
  EXPECT_EQ(message_for({{4, "optimizer: {batch_tokens: 65}"}}),
            "study.yaml:4: optimizer.batch_tokens: a batch of 65 tokens is no multiple of "
            "the sequence 16 (a step takes whole sequences); give for example 80");
}

TEST(StudyErrors, BudgetBelowOneStep) {
  EXPECT_EQ(message_for({{8, "  budget: {tokens: [10, 1280]}"}}),
            "study.yaml:8: grid.budget.tokens: a budget of 10 is too small for one step (a step of "
            "transformer s costs 64 tokens); raise the budget or lower optimizer.batch_tokens");
}

// 1e300 tokens are 1.5625e298 steps of 64.
TEST(StudyErrors, BudgetOfMoreStepsThanCanBeCounted) {
  EXPECT_EQ(message_for({{8, "  budget: {tokens: [640, 1e300]}"}}),
            "study.yaml:8: grid.budget.tokens: a budget of 1e300 is 1.56e+298 steps of transformer "
            "s (more than can be counted); lower the budget");
}

TEST(StudyErrors, CountThatIsTooLarge) {
  EXPECT_EQ(message_for({{10, "evaluate: {tokens: 1e18}"}}),
            "study.yaml:10: evaluate.tokens: 1e18 is too large to be counted (at most 2^53, "
            "9007199254740992); give a smaller one");
}

TEST(StudyErrors, ModelThatIsLargerThanAny) {
  EXPECT_EQ(message_for({{7, "  size: [{name: s, d_model: 1e9}]"}}),
            "study.yaml:7: grid.size.s: d_model is 1000000000 (more than any model has; at most "
            "262144 is counted); give a smaller one");
}

TEST(StudyErrors, NameOfMoreThanOneLine) {
  const std::string size = message_for({{7, "  size: [{name: \"a\\nb\", d_model: 16}]"}});
  EXPECT_EQ(size,
            "study.yaml:7: grid.size.name: a line end or another control character is in the name "
            "(it stands in tables); give a name of one line");
  EXPECT_THAT(message_for({{6, "  architecture: [{name: \"a\\eb\", base: primer}]"}}),
              testing::HasSubstr("grid.architecture.name: a line end or another control"));
}

TEST(StudyErrors, NameThatIsNoUtf8) {
  EXPECT_EQ(message_for({{7, "  size: [{name: \"x\xff\", d_model: 16}]"}}),
            "study.yaml:7: grid.size.name: the name is no UTF-8 (it stands in files and tables); "
            "write it in UTF-8");
  EXPECT_EQ(message_for({{7,
                          "  size: [{name: \"gr\xC3\xB6\xC3\x9F"
                          "e\", d_model: 16}]"}}),
            "");
}

TEST(StudyErrors, ValidationOutOfRange) {
  EXPECT_EQ(message_for({{2, "data: {synthetic: {symbols: 32}, validation: 0.5}"}}),
            "study.yaml:2: data.validation: 0.5 is not between 0 and 0.5 (the share of the "
            "text that is held out); give one such as 0.05");
}

TEST(StudyErrors, NoFileMatches) {
  EXPECT_EQ(
      message_for({{2, "data: {text: nothere/*.txt}"}}),
      "study.yaml:2: data.text: no file matches 'nothere/*.txt' (looked up from the "
      "working folder and upwards from the folder of the study file); give the path of a text "
      "or a pattern such as corpus/*.txt");
}

TEST(StudyErrors, UnknownTask) {
  EXPECT_EQ(message_for(
                {{2, "data: {synthetic: {symbols: 32}}"}, {10, "evaluate: {tasks: [last-wrod]}"}}),
            "study.yaml:10: evaluate.tasks: 'last-wrod' is neither a known task nor a folder of "
            "task cards (looked up from the working folder and upwards from the folder of the "
            "study file); did you mean 'last-word'?");
}

TEST(StudyErrors, FoldersOfTaskCards) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("empty/readme", "no card");
  folder.write("cards/capitals.yaml", "data: capitals");
  const auto message = [&](const std::string& data, const std::string& evaluate) {
    return message_about(folder, small_study({{2, data}, {10, evaluate}}));
  };
  const std::string text = "data: {text: a.txt}";
  EXPECT_EQ(message(text, "evaluate: {tasks: [empty]}"),
            "study.yaml:10: evaluate.tasks: no task card in 'empty' (no file of it ends in .yaml); "
            "write one as docs/scoring.md says");
  EXPECT_EQ(message(text, "evaluate: {tasks: [cards, cards]}"),
            "study.yaml:10: evaluate.tasks: 'cards' is given twice (it would be scored once); "
            "remove one");
  EXPECT_EQ(message("data: {synthetic: {symbols: 32}}", "evaluate: {tasks: [cards]}"),
            "study.yaml:10: evaluate.tasks: 'cards' holds task cards, which need text (this "
            "study's data are synthetic); remove it");
  EXPECT_EQ(message(text, "evaluate: {tasks: [], score_points: 5}"),
            "study.yaml:10: evaluate.score_points: given without tasks (they are what is scored so "
            "often); name some in evaluate.tasks, or remove it");
  EXPECT_EQ(message(text, "evaluate: {tasks: [cards], score_points: 101}"),
            "study.yaml:10: evaluate.score_points: 101 (within the last tenth of a trial; at most "
            "100); give 5");
  EXPECT_EQ(message(text, "evaluate: {tasks: [last-word, cards], score_points: 5}"), "");
  EXPECT_EQ(message(text, "evaluate: {score_points: 5}"), "");
}

TEST(StudyErrors, PublicTasks) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("tasks.bin", "task data");
  const auto message = [&](const std::string& data, const std::string& evaluate) {
    return message_about(folder, small_study({{2, data}, {10, evaluate}}));
  };
  const std::string text = "data: {text: a.txt}";
  EXPECT_EQ(message(text, "evaluate: {task_data: lost.bin}"),
            "study.yaml:10: evaluate.task_data: no file 'lost.bin' (looked up from the working "
            "folder and upwards from the folder of the study file); make it by `isoloss data "
            "prepare-tasks`, or remove it");
  EXPECT_EQ(message(text, "evaluate: {task_dat: tasks.bin}"),
            "study.yaml:10: evaluate.task_dat: unknown key (no such name here); did you mean "
            "'task_data'?");
  EXPECT_EQ(message(text, "evaluate: {task_data: tasks.bin, profile: gpt4}"),
            "study.yaml:10: evaluate.profile: 'gpt4' is no profile (of the public tasks); did you "
            "mean 'gpt3'?");
  EXPECT_THAT(message(text, "evaluate: {task_data: tasks.bin, limit: 0}"),
              testing::StartsWith("study.yaml:10: evaluate.limit: "));
  EXPECT_EQ(message(text, "evaluate: {limit: 50}"),
            "study.yaml:10: evaluate.limit: given without task_data (it says how its public tasks "
            "are asked); name their file in evaluate.task_data, or remove it");
  EXPECT_EQ(message("data: {synthetic: {symbols: 32}}", "evaluate: {task_data: tasks.bin}"),
            "study.yaml:10: evaluate.task_data: 'tasks.bin' holds public tasks, which need text "
            "(this study's data are synthetic); remove it");
  EXPECT_EQ(message(text, "evaluate: {tasks: [], task_data: tasks.bin, score_points: 5}"), "");
}

TEST(StudyErrors, TaskWithoutText) {
  EXPECT_EQ(message_for({{10, "evaluate: {tasks: [last-word]}"}}),
            "study.yaml:10: evaluate.tasks: 'last-word' needs text (this study's data are "
            "synthetic); remove tasks");
}

TEST(StudyErrors, TaskOfALanguageOnText) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  const auto file = folder.write(
      "study.yaml",
      small_study({{2, "data: {text: a.txt}"}, {10, "evaluate: {tasks: [symbol-order]}"}}));
  try {
    read_study(file);
    FAIL() << "read";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(),
                testing::EndsWith("study.yaml:10: evaluate.tasks: 'symbol-order' needs "
                                  "a synthetic language (this study's data are text); "
                                  "remove it"));
  }
}

TEST(StudyErrors, UnknownSize) {
  EXPECT_EQ(message_for({{7, "  size: [t5-smal]"}}),
            "study.yaml:7: grid.size: 't5-smal' is not a known size (see `isoloss "
            "catalogue`); did you mean 't5-small'?");
}

TEST(StudyErrors, UnknownArchitecture) {
  EXPECT_EQ(message_for({{6, "  architecture: [primer-ex]"}}),
            "study.yaml:6: grid.architecture: 'primer-ex' is not a known architecture (see "
            "`isoloss catalogue`); did you mean 'primer-ez'?");
}

TEST(StudyErrors, NegativeRateOfAnAxis) {
  EXPECT_EQ(message_for({{10, "  learning_rate: [-0.1]"}}),
            "study.yaml:10: grid.learning_rate: -0.1 is out of range (it must exceed 0); "
            "give a number in the range");
}

TEST(StudyErrors, NegativeRateOfASearch) {
  EXPECT_EQ(message_for({{10, "  learning_rate: {search: [0.1, -0.1]}"}}),
            "study.yaml:10: grid.learning_rate.search: -0.1 is not positive (it must exceed "
            "0); give a positive number");
}

TEST(StudyErrors, IncludeOfAnotherSize) {
  EXPECT_EQ(message_for({{10, "  include: [{size: m, seed: 1}]"}}),
            "study.yaml:10: grid.include.size: 'm' is not in the grid (only what the grid "
            "names can be added or dropped); known: s");
}

TEST(StudyErrors, ExcludeThatDropsNothing) {
  EXPECT_EQ(message_for({{10, "  exclude: [{budget: 5000}]"}}),
            "study.yaml:10: grid.exclude: drops nothing (no trial of the grid has these "
            "values); mend or remove the entry");
}

TEST(StudyErrors, ExcludeThatDropsAll) {
  EXPECT_EQ(message_for({{10, "  exclude: [{size: s}]"}}),
            "study.yaml:10: grid.exclude: drops every trial (nothing is left to train); "
            "remove an entry");
}

TEST(StudyErrors, ExcludeByAFieldThatIsNoAxis) {
  EXPECT_EQ(message_for({{10, "  exclude: [{d_model: 16}]"}}),
            "study.yaml:10: grid.exclude.d_model: unknown key (no such name here); known: "
            "architecture, size, seed, budget");
}

TEST(StudyErrors, MalformedYaml) {
  EXPECT_EQ(message_for({{8, "  budget: {tokens: [640, 1280}"}}),
            "study.yaml:8: malformed YAML (illegal flow end); mend the line or quote the "
            "value");
}

TEST(StudyErrors, UnknownUnit) {
  EXPECT_EQ(message_for({{8, "  budget: {flop: [640]}"}}),
            "study.yaml:8: grid.budget.flop: unknown key (no such name here); did you mean "
            "'flops'?");
}

TEST(StudyErrors, BudgetWithoutUnit) {
  EXPECT_EQ(message_for({{8, "  budget: [640]"}}),
            "study.yaml:8: grid.budget: no unit (a budget counts flops, tokens or "
            "tokens_per_parameter); write {flops: [2e11, 2e12]}");
}

TEST(StudyErrors, MissingAxis) {
  EXPECT_EQ(message_for({{8, ""}}),
            "study.yaml:5: grid.budget: missing (every study needs it); add for example "
            "budget: {flops: [2e11, 2e12]}");
}

TEST(StudyErrors, VocabularyIsNotSet) {
  EXPECT_EQ(message_for({{3, "model: {vocabulary: 100}"}}),
            "study.yaml:3: model.vocabulary: cannot be set (it follows the tokenizer or the "
            "synthetic symbols); remove it");
}

TEST(StudyErrors, NoFolderOfTokens) {
  EXPECT_EQ(
      message_for({{2, "data: {tokens: nofolder}"}}),
      "study.yaml:2: data.tokens: no folder 'nofolder' (looked up from the working "
      "folder and upwards from the folder of the study file); make it by `isoloss data prepare`, "
      "or write beside it how many ids it will have, vocabulary: N, to plan without it");
}

TEST(StudyErrors, SettingOfTheOtherOptimizer) {
  EXPECT_EQ(message_for({{4, "optimizer: {weight_decay: 0.1, batch_tokens: 64}"}}),
            "study.yaml:4: optimizer.weight_decay: means nothing to adafactor (it belongs to "
            "adamw); remove it or write name: adamw");
}

TEST(StudyErrors, SettingOfAnotherSchedule) {
  EXPECT_EQ(message_for({{4,
                          "optimizer: {schedule: cosine, warmup_steps: 5, cooldown: sqrt, "
                          "batch_tokens: 64}"}}),
            "study.yaml:4: optimizer.cooldown: means nothing to cosine (it belongs to wsd); remove "
            "it or write schedule: wsd");
}

// 10 steps, the last two of which are cooldown.
TEST(StudyErrors, WarmupThatReachesIntoTheDecay) {
  EXPECT_EQ(message_for({{4, "optimizer: {schedule: wsd, warmup_steps: 9, batch_tokens: 64}"}}),
            "study.yaml:8: grid.budget.tokens: a warm-up of 9 steps does not fit (a budget of 640 "
            "is 10 steps of transformer s, and wsd has to begin its decay by step 8); give a "
            "shorter warm-up or raise the budget");
}

// The root of steps over those of the warm-up: one step is the shortest.
TEST(StudyErrors, NoWarmupUnderRsqrt) {
  EXPECT_EQ(message_for({{4, "optimizer: {warmup_steps: 0, batch_tokens: 64}"}}),
            "study.yaml:4: optimizer.warmup_steps: 0 has no meaning to rsqrt (its rate falls with "
            "the root of steps over those of the warm-up); give 1, which is none");
  EXPECT_EQ(message_for({{4, "optimizer: {warmup_steps: -1, batch_tokens: 64}"}}),
            "study.yaml:4: optimizer.warmup_steps: -1 is out of range (it must be 0 or more); give "
            "a number in the range");
}

// 64 tokens are one step.
TEST(StudyErrors, OneStepOfADecayNeedsNoWarmup) {
  for (const char* schedule : {"cosine", "wsd"})
    EXPECT_EQ(message_for({{4, fmt::format("optimizer: {{schedule: {}, warmup_steps: 0, "
                                           "batch_tokens: 64}}",
                                           schedule)},
                           {8, "  budget: {tokens: [64, 640]}"}}),
              "")
        << schedule;
}

TEST(StudyErrors, MicroBatchesThatDoNotDivide) {
  EXPECT_EQ(message_for({{10, "run: {accumulate: 3}"}}),
            "study.yaml:10: run.accumulate: 3 micro-batches do not divide the 4 sequences of a "
            "batch (each takes as many); give a divisor of 4");
}

TEST(StudyErrors, TimeLimitWithoutUnit) {
  EXPECT_EQ(message_for({{10, "run: {time_limit: soon}"}}),
            "study.yaml:10: run.time_limit: 'soon' is not a duration (a positive number with "
            "its unit is wanted); write 45m, 12h or 2d");
}

// As milliseconds of 64 bits it would be negative, and each step a checkpoint.
TEST(StudyErrors, DurationOfCenturies) {
  EXPECT_EQ(message_for({{10, "run: {checkpoint_every: 99999999999999d}"}}),
            "study.yaml:10: run.checkpoint_every: '99999999999999d' is too long (at most 10000d); "
            "write 45m, 12h or 2d");
}

TEST(StudyErrors, MoreThreadsThanCores) {
  EXPECT_EQ(message_for({{10, "run: {threads: 1000000000}"}}),
            "study.yaml:10: run.threads: 1000000000 threads of a rank are more than it has cores "
            "(at most 1024); give fewer");
}

TEST(StudyErrors, NoRanksAtAll) {
  EXPECT_EQ(message_for({{10, "run: {tensor_parallel: 0}"}}),
            "study.yaml:10: run.tensor_parallel: 0 is not positive (at least 1 is wanted); give a "
            "positive number");
}

TEST(StudyErrors, RatesDecidedAtAnUnknownSize) {
  EXPECT_EQ(
      message_for(
          {{10, "  learning_rate: {search: [0.1, 0.2], decide_at: {tokens: 640, size: xl}}"}}),
      "study.yaml:10: grid.learning_rate.decide_at.size: 'xl' is no size of this grid "
      "(the rates are compared at one); known: s");
}

TEST(StudyErrors, SizeNamedTwice) {
  EXPECT_EQ(message_for({{7, "  size: [{name: s, d_model: 16}, {name: s, d_model: 32}]"}}),
            "study.yaml:7: grid.size: 's' is given twice (names tell trials apart); rename "
            "or remove one");
}

TEST(StudyErrors, StudyNameTooLongForAFolder) {
  EXPECT_EQ(message_for({{1, "study: " + std::string(300, 'x')}}),
            "study.yaml:1: study: 300 characters (a folder and a job have that name); give 128 or "
            "fewer");
  EXPECT_EQ(message_for({{1, "study: " + std::string(128, 'x')}}), "");
}

// Relative positions, as transformer has them, rotate nothing.
TEST(StudyErrors, ValuesOfAnAxisThatMakeOneTrial) {
  const std::string both = "  architecture: [transformer, llama]";
  EXPECT_EQ(message_for({{6, both}, {10, "  rotary_base: [500, 10000]"}}),
            "study.yaml:10: grid.rotary_base: '500' and '10000' are one trial of transformer s "
            "(nothing in it depends on rotary_base); remove one, or drop it there: exclude: "
            "[{architecture: transformer, rotary_base: 10000}]");
  EXPECT_EQ(message_for({{6, both},
                         {10, "  rotary_base: [500, 10000]"},
                         {11, "  exclude: [{architecture: transformer, rotary_base: 10000}]"}}),
            "");
}

TEST(StudyErrors, ANameOfTheCatalogueForAnotherArchitecture) {
  EXPECT_EQ(
      message_for({{6, "  architecture: [{name: transformer, base: primer}]"}}),
      "study.yaml:6: grid.architecture.name: 'transformer' is an architecture of the catalogue "
      "(savings against it would mean another); give a name of your own");
}

TEST(StudyErrors, FieldOfSizeAndArchitecture) {
  EXPECT_EQ(message_for({{6, "  architecture: [{name: mine, base: transformer, d_model: 32}]"}}),
            "study.yaml:6: grid.architecture.mine.d_model: also given by the size s in line "
            "7 (which of them counts?); remove one");
}

TEST(StudyErrors, MissingFile) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "none.yaml";
  try {
    read_study(file);
    FAIL() << "it was read";
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(),
              file.string() +
                  ": cannot read the study file (there is no such file); give the path "
                  "of a study file such as sweeps/quickstart.yaml");
  }
}

TEST(StudyErrors, EmptyFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(
      message_about(folder, "# nothing\n"),
      "study.yaml:1: nothing is in the file (a study needs at least study, data and grid); see "
      "sweeps/quickstart.yaml");
}

TEST(StudyErrors, TokensFolderWithoutDescription) {
  const TemporaryFolder folder;
  folder.write("tokens/notes.txt", "x");
  EXPECT_EQ(message_about(folder, small_study({{2, "data: {tokens: tokens}"}})),
            "study.yaml:2: data.tokens: 'tokens' holds no tokens.json (not a folder of prepared "
            "tokens); make it by `isoloss data prepare`");
}

TEST(StudyErrors, NoMessageHasASecondLine) {
  for (const char* line : {"grid: 3", "grid: {architecture: {}}", "? [a]\n: b", "study: &x [*x]"})
    EXPECT_EQ(message_for({{5, line}}).find('\n'), std::string::npos) << line;
}

}  // namespace
}  // namespace isoloss
