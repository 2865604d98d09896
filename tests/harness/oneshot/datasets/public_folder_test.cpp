#include "harness/oneshot/datasets/public_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "results/durable_file.h"
#include "results/file_seal.h"
#include "tests/harness/oneshot/datasets/public_samples.h"
#include "tests/harness/oneshot/parquet/missing_packages.h"

namespace isoloss {
namespace {

TEST(PublicFolder, EveryDataSetIsInTheTableOnceWithASampleOfItsPublishersAndAnExport) {
  std::set<std::string> names;
  for (const PublicDataSet& set : public_data_sets()) {
    EXPECT_TRUE(names.insert(set.name).second) << set.name;
    EXPECT_FALSE(set.publisher.empty()) << set.name;
    EXPECT_FALSE(set.licence.empty()) << set.name;
    EXPECT_FALSE(found("publishers", set.name).items.empty()) << set.name;
    EXPECT_FALSE(found("exports", set.name).items.empty()) << set.name;
  }
  EXPECT_EQ(names.size(), 29u);
}

TEST(PublicFolder, EveryDataSetHasASampleInTheHubsForm) {
  if (const auto missing = missing_packages({kSnappy}); !missing.empty()) GTEST_SKIP() << missing;
  for (const PublicDataSet& set : public_data_sets())
    EXPECT_FALSE(found("hub", set.name).items.empty()) << set.name;
}

// Brown et al. 2020, Table C.1, "Total Count".
TEST(PublicFolder, TheTableHoldsTheCountsOfGpt3) {
  const std::map<std::string, std::int64_t> counts = {{"hellaswag", 10042},
                                                      {"lambada", 5153},
                                                      {"storycloze", 1871},
                                                      {"naturalqs", 3610},
                                                      {"triviaqa", 7993},
                                                      {"webqs", 2032},
                                                      {"winograd", 273},
                                                      {"winogrande", 1267},
                                                      {"piqa", 1838},
                                                      {"arc_easy", 2268},
                                                      {"arc_challenge", 1144},
                                                      {"openbookqa", 500},
                                                      {"quac", 7353},
                                                      {"race_high", 3498},
                                                      {"race_middle", 1436},
                                                      {"squadv2", 11873},
                                                      {"coqa", 7983},
                                                      {"drop", 9536},
                                                      {"boolq", 3270},
                                                      {"cb", 56},
                                                      {"copa", 100},
                                                      {"rte", 277},
                                                      {"wic", 638},
                                                      {"wsc", 104},
                                                      {"multirc", 953},
                                                      {"record", 10000},
                                                      {"anli_r1", 1000},
                                                      {"anli_r2", 1000},
                                                      {"anli_r3", 1200}};
  std::map<std::string, std::int64_t> table;
  for (const PublicDataSet& set : public_data_sets()) table[set.name] = set.gpt3_items;
  EXPECT_EQ(table, counts);
}

TEST(PublicFolder, ACountThatDiffersIsToldWithBothNumbers) {
  EXPECT_THAT(found("publishers", "hellaswag").warnings,
              testing::ElementsAre("hellaswag: 1 items where its publisher's validation split has "
                                   "10042 (scores do not compare with published ones)"));
  PublicDataSet set = data_set("arc_easy");
  set.evaluated.items = 1;
  EXPECT_THAT(read_public_data(samples("publishers"), set, 9)->warnings,
              testing::ElementsAre("arc_easy: 1 items where GPT-3 scored 2268 (its Table C.1)"));
}

TEST(PublicFolder, FilesAreNamedWithTheirChecksums) {
  const FoundDataSet piqa = found("publishers", "piqa");
  ASSERT_EQ(piqa.files.size(), 2u);
  EXPECT_EQ(piqa.files[0].name, "piqa/valid.jsonl");
  EXPECT_EQ(piqa.files[1].name, "piqa/valid-labels.lst");
  EXPECT_EQ(piqa.files[1].bytes, 4u);
  EXPECT_EQ(piqa.files[1].checksum, checksum("0\n1\n"));
}

TEST(PublicFolder, ShotsComeFromTheirOwnSplitWhereItsFilesAreThere) {
  const FoundDataSet there = found("publishers", "hellaswag");
  ASSERT_EQ(there.shots.size(), 1u);
  EXPECT_EQ(there.shots[0]["id"], "4");
  const FoundDataSet missing = found("exports", "cb");
  EXPECT_TRUE(missing.shots.empty());
  EXPECT_THAT(missing.warnings,
              testing::Contains(testing::StartsWith("cb: no file of its train split")));
  EXPECT_TRUE(found("publishers", "winograd").shots.empty());
}

TEST(PublicFolder, OfManyShotsTheSameAreKeptEveryTime) {
  const auto folder = fresh_folder("many-shots");
  std::string lines;
  for (int i = 0; i < 100; ++i)
    lines += nlohmann::json{{"question", "q"}, {"answer", {"a"}}, {"id", i}}.dump() + "\n";
  write_durably(folder / "naturalqs/NQ-open.train.jsonl", lines);
  write_durably(folder / "naturalqs/NQ-open.dev.jsonl", lines);
  const auto ids = [&] {
    std::vector<int> all;
    const FoundDataSet read = *read_public_data(folder, data_set("naturalqs"), 10);
    EXPECT_EQ(read.shots_there, 100);
    EXPECT_EQ(read.items.size(), 100u);
    for (const DataItem& item : read.shots) all.push_back(std::stoi(item["id"].get<std::string>()));
    return all;
  };
  const std::vector<int> kept = ids();
  EXPECT_EQ(kept, ids());
  EXPECT_EQ(kept.size(), 10u);
  EXPECT_TRUE(std::ranges::is_sorted(kept));
  EXPECT_EQ(std::set<int>(kept.begin(), kept.end()).size(), 10u);
  EXPECT_NE(kept.back(), 9) << "the first ten would be no draw";
}

TEST(PublicFolder, WhatIsNotThereIsMissingAndSaysWhy) {
  const auto folder = fresh_folder("missing-sets");
  EXPECT_FALSE(read_public_data(folder, data_set("piqa"), 10));
  EXPECT_EQ(why_missing(folder, data_set("piqa")), "no folder piqa or physicaliqa-train-dev");
  write_durably(folder / "piqa/other.txt", "x");
  EXPECT_FALSE(read_public_data(folder, data_set("piqa"), 10));
  EXPECT_EQ(why_missing(folder, data_set("piqa")),
            "folder piqa holds none of valid.jsonl, dev.jsonl, validation as an export of JSON "
            "lines or parquet");
}

std::vector<std::string> names_found(const std::filesystem::path& folder, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& file : files_of(folder, data_set(name), data_set(name).evaluated))
    names.push_back(std::filesystem::relative(file, folder).string());
  return names;
}

TEST(PublicFolder, ExportsCountAfterThePublishersFilesAndParquetAfterJsonLines) {
  const auto folder = fresh_folder("forms");
  using Names = std::vector<std::string>;
  for (const char* name :
       {"piqa/plain_text/validation/0000.parquet", "piqa/data/validation-00000-of-00002.parquet",
        "piqa/data/validation-00001-of-00002.parquet", "piqa/data/train-00000-of-00001.parquet",
        "piqa/validation.parquet", "piqa/validation.jsonl", "piqa/valid.jsonl",
        "piqa/validation-00000-of-00001.json", "piqa/piqa_validation.jsonl"})
    write_durably(folder / name, "");
  const auto expect_and_remove = [&](const Names& names) {
    EXPECT_EQ(names_found(folder, "piqa"), names);
    for (const std::string& name : names) std::filesystem::remove(folder / name);
  };
  expect_and_remove({"piqa/valid.jsonl"});
  expect_and_remove({"piqa/validation.jsonl"});
  expect_and_remove({"piqa/validation-00000-of-00001.json"});
  expect_and_remove({"piqa/piqa_validation.jsonl"});
  expect_and_remove({"piqa/validation.parquet"});
  expect_and_remove({"piqa/data/validation-00000-of-00002.parquet",
                     "piqa/data/validation-00001-of-00002.parquet"});
  expect_and_remove({"piqa/plain_text/validation/0000.parquet"});
  expect_and_remove({});
}

TEST(PublicFolder, OfSeveralConfigurationsTheOneThatIsMeantIsRead) {
  const auto folder = fresh_folder("configurations");
  for (const char* name : {"rc", "rc.nocontext", "rc.wikipedia", "rc.wikipedia.nocontext"})
    write_durably(folder / "trivia_qa" / name / "validation-00000-of-00001.parquet", "");
  EXPECT_EQ(names_found(folder, "triviaqa"),
            std::vector<std::string>{
                "trivia_qa/rc.wikipedia.nocontext/validation-00000-of-00001.parquet"});
  for (const char* name : {"rc.wikipedia", "rc.wikipedia.nocontext"})
    std::filesystem::remove_all(folder / "trivia_qa" / name);
  EXPECT_EQ(message_of([&] { names_found(folder, "triviaqa"); }),
            (folder / "trivia_qa/rc/validation-00000-of-00001.parquet").string() + " and " +
                (folder / "trivia_qa/rc.nocontext/validation-00000-of-00001.parquet").string() +
                " are of one split (2 files in several folders, which would be read as one data "
                "set); leave the folder of one configuration there");
}

TEST(PublicFolder, LabelsThatAreNotOneAnItemAreRefused) {
  const auto folder = fresh_folder("labels");
  write_durably(folder / "piqa/valid.jsonl",
                "{\"goal\": \"g\", \"sol1\": \"a\", \"sol2\": \"b\"}\n");
  write_durably(folder / "piqa/valid-labels.lst", "0\n1\n");
  EXPECT_THAT(
      message_of([&] { read_public_data(folder, data_set("piqa"), 10); }),
      testing::EndsWith("valid-labels.lst: 2 labels for 1 items (each has one, on a line of "
                        "its own); fetch both files again"));
}

}  // namespace
}  // namespace isoloss
