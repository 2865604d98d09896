// What a study file says arrives in the resolved specs.
#include "sweeps/study.h"

#include <gtest/gtest.h>

#include "sweeps/grid.h"
#include "sweeps/optimizer_fields.h"
#include "sweeps/plan.h"
#include "sweeps/study_data.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

TEST(Study, VocabularyFollowsTheSymbols) {
  EXPECT_EQ(expand_grid(study_of({})).at(0).spec.model.vocabulary, 32);
}

TEST(Study, VocabularyOfACatalogueSizeFollowsTheTokenizerToo) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  const Study study = read_study(folder.write(
      "study.yaml", small_study({{2, "data: {text: a.txt, tokenizer: {unigram: 4096}}"},
                                 {7, "  size: [t5-small]"}})));
  const ModelSpec model = expand_grid(study).at(0).spec.model;
  EXPECT_EQ(model.vocabulary, 4096);
  EXPECT_EQ(model.d_model, 512);
}

TEST(Study, SizeOverridesModel) {
  const Study study = study_of({{7, "  size: [{name: s, d_model: 16, layers: 3}]"}});
  EXPECT_EQ(expand_grid(study).at(0).spec.model.layers, 3);
}

TEST(Study, ArchitectureOfOnesOwnChangesItsBase) {
  const Study study =
      study_of({{6, "  architecture: [{name: mine, base: primer-ez, activation: gelu}]"}});
  const ModelSpec model = expand_grid(study).at(0).spec.model;
  EXPECT_EQ(model.architecture, "mine");
  EXPECT_EQ(model.activation, Activation::Gelu);
  EXPECT_EQ(model.convolution_width, 3);
}

TEST(Study, WarmupTokensBecomeSteps) {
  // 204800 tokens in batches of 1024 are 200 steps.
  const Study study = study_of({{4, "optimizer: {warmup_tokens: 204800, batch_tokens: 1024}"},
                                {8, "  budget: {tokens: [1e6]}"}});
  EXPECT_EQ(expand_grid(study).at(0).spec.optimizer.warmup_steps, 200);
}

TEST(Study, WarmupStepsFollowABatchAxis) {
  const Study study = study_of({{4, "optimizer: {warmup_tokens: 640}"},
                                {8, "  budget: {tokens: [1e6]}"},
                                {10, "  batch_tokens: [64, 32]"}});
  const std::vector<Cell> cells = expand_grid(study);
  EXPECT_EQ(cells.at(0).spec.optimizer.warmup_steps, 10);
  EXPECT_EQ(cells.at(1).spec.optimizer.warmup_steps, 20);
}

TEST(Study, OptimizerAndScheduleAreReadByName) {
  const Study study = study_of({{4,
                                 "optimizer: {name: adamw, schedule: constant, betas: [0.8, 0.9], "
                                 "weight_decay: 0.1, batch_tokens: 64}"}});
  const OptimizerSpec optimizer = expand_grid(study).at(0).spec.optimizer;
  EXPECT_EQ(optimizer.kind, OptimizerKind::AdamW);
  EXPECT_EQ(optimizer.schedule, ScheduleKind::Constant);
  EXPECT_EQ(optimizer.beta1, 0.8);
  EXPECT_EQ(optimizer.beta2, 0.9);
  EXPECT_EQ(optimizer.weight_decay, 0.1);
}

TEST(Study, TextIsScoredOnBothTasksUnlessItSaysOtherwise) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  const auto tasks = [&](const char* evaluate) {
    return read_study(folder.write("study.yaml",
                                   small_study({{2, "data: {text: a.txt}"}, {10, evaluate}})))
        .base.evaluation.tasks;
  };
  EXPECT_EQ(tasks(""), (std::vector<std::string>{"last-word", "continuation"}));
  EXPECT_EQ(tasks("evaluate: {tasks: []}"), std::vector<std::string>());
  EXPECT_EQ(tasks("evaluate: {tasks: [mapping, next-passage, last-word]}"),
            (std::vector<std::string>{"last-word", "next-passage", "mapping"}));
}

// Cards beside the study score its runs and change nothing of what they are.
TEST(Study, FoldersOfTaskCardsAreFoundAndAreNoPartOfARunsIdentity) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("cards/capitals.yaml", "data: capitals");
  const auto study = [&](const char* evaluate) {
    return read_study(
        folder.write("study.yaml", small_study({{2, "data: {text: a.txt}"}, {10, evaluate}})));
  };
  const Study with = study("evaluate: {tasks: [mapping, cards, last-word], score_points: 5}");
  EXPECT_EQ(with.base.evaluation.tasks, (std::vector<std::string>{"last-word", "mapping"}));
  EXPECT_EQ(with.base.evaluation.card_folders,
            std::vector<std::string>{(folder.path() / "cards").string()});
  EXPECT_EQ(with.base.evaluation.score_points, 5);
  const Study without = study("evaluate: {tasks: [mapping, last-word]}");
  EXPECT_EQ(make_plan(with).runs.at(0).id, make_plan(without).runs.at(0).id);
}

TEST(Study, PublicTasksAreReadAsEvalNamesThemAndAreNoPartOfARunsIdentity) {
  const TemporaryFolder folder;
  folder.write("a.txt", "text");
  folder.write("tasks.bin", "task data");
  const auto study = [&](const char* evaluate) {
    return read_study(
        folder.write("study.yaml", small_study({{2, "data: {text: a.txt}"}, {10, evaluate}})));
  };
  const Study with = study("evaluate: {task_data: tasks.bin, profile: lmeval, limit: 50}");
  EXPECT_EQ(with.base.evaluation.task_data, (folder.path() / "tasks.bin").string());
  EXPECT_EQ(with.base.evaluation.profile, "lmeval");
  EXPECT_EQ(with.base.evaluation.limit, 50);
  const Study plain = study("evaluate: {task_data: tasks.bin}");
  EXPECT_EQ(plain.base.evaluation.profile, "gpt3");
  EXPECT_EQ(plain.base.evaluation.limit, 0);
  EXPECT_EQ(make_plan(with).runs.at(0).id, make_plan(study("")).runs.at(0).id);
}

TEST(Study, SyntheticDataHaveNoTaskUnlessTheStudySaysSo) {
  EXPECT_TRUE(study_of({}).base.evaluation.tasks.empty());
  EXPECT_EQ(study_of({{10, "evaluate: {tasks: [symbol-order]}"}}).base.evaluation.tasks,
            std::vector<std::string>{"symbol-order"});
}

TEST(Study, PatternsAreAlsoLookedUpBesideTheStudyFile) {
  const TemporaryFolder folder;
  folder.write("books/b.txt", "two");
  folder.write("books/a.txt", "one");
  const Study study =
      read_study(folder.write("study.yaml", small_study({{2, "data: {text: 'books/*.txt'}"}})));
  ASSERT_EQ(study.base.data.files.size(), 2u);
  EXPECT_TRUE(study.base.data.files[0].ends_with("books/a.txt"));
}

// Only what the study wrote is a pattern, and a file of that very name goes before it.
TEST(Study, FoldersAndFilesMayBeNamedLikePatterns) {
  const TemporaryFolder folder;
  const auto files = [&](const std::string& text) {
    return read_study(folder.write("runs [1] *?/study.yaml",
                                   small_study({{2, "data: {text: '" + text + "'}"}})))
        .base.data.files;
  };
  folder.write("runs [1] *?/book-a.txt", "one");
  folder.write("runs [1] *?/book-b[2].txt", "two");
  folder.write("runs [1] *?/book-b2.txt", "three");
  EXPECT_EQ(files("book-*.txt").size(), 3U);
  ASSERT_EQ(files("book-b[2].txt").size(), 1U);
  EXPECT_TRUE(files("book-b[2].txt")[0].ends_with("/book-b[2].txt"));
  ASSERT_EQ(files("book-[a-b]2.txt").size(), 1U);
  EXPECT_TRUE(files("book-[a-b]2.txt")[0].ends_with("/book-b2.txt"));
}

TEST(Study, ContentHashSeesWhereADocumentEnds) {
  const TemporaryFolder folder;
  const auto hash = [&](const char* first, const char* second) {
    return hash_of_files({folder.write("1", first).string(), folder.write("2", second).string()});
  };
  EXPECT_EQ(hash("ab", "c"), hash("ab", "c"));
  EXPECT_NE(hash("ab", "c"), hash("a", "bc"));
}

TEST(Study, PreparedTokensBringTheirVocabulary) {
  const TemporaryFolder folder;
  folder.write("tokens/tokens.json",
               R"({"vocabulary": 300, "tokenizer": "unigram:300", "hash": "0123456789abcdef"})");
  const Study study =
      read_study(folder.write("study.yaml", small_study({{2, "data: {tokens: tokens}"}})));
  EXPECT_EQ(study.vocabulary, 300);
  EXPECT_EQ(study.base.data.content_hash, "0123456789abcdef");
}

TEST(Study, TimeLimitIsInSeconds) {
  EXPECT_EQ(study_of({{10, "run: {time_limit: 12h}"}}).time_limit_seconds, 43200);
}

TEST(Study, CheckpointsAreAMinuteApartUnlessItSays) {
  EXPECT_EQ(study_of({{10, "run: {threads: 1}"}}).base.checkpoint_seconds, 60);
  EXPECT_EQ(study_of({{10, "run: {checkpoint_every: 10m}"}}).base.checkpoint_seconds, 600);
  EXPECT_EQ(study_of({{10, "run: {checkpoint_every: 0.5s}"}}).base.checkpoint_seconds, 0.5);
}

TEST(Study, ListsOfEntriesMayBeEmpty) {
  const Study study = study_of({{10, "  include: []"}, {11, "  exclude: []"}});
  EXPECT_EQ(expand_grid(study).size(), expand_grid(study_of({})).size());
}

TEST(Study, IncludeAddsAndExcludeDrops) {
  const Study study = study_of({{7, "  size: [{name: s, d_model: 16}, {name: m, d_model: 32}]"},
                                {10, "  include: [{size: m, seed: 1, budget: [1280, 2560]}]"},
                                {11, "  exclude: [{size: s, budget: 1280}]"}});
  const std::vector<Cell> cells = expand_grid(study);
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_EQ(cells[0].budgets, std::vector<double>{640});           // s, seed 0
  EXPECT_EQ(cells[1].budgets, (std::vector<double>{640, 1280}));   // m, seed 0
  EXPECT_EQ(cells[2].budgets, (std::vector<double>{1280, 2560}));  // m, seed 1
  EXPECT_EQ(cells[2].seed, 1u);
}

TEST(Study, ShippedStudiesAreRead) {
  for (const char* name : {"quickstart", "entropy"})
    EXPECT_EQ(shipped_study(std::string(name) + ".yaml").name, name);
}

}  // namespace
}  // namespace isoloss
