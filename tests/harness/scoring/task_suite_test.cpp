// Public tasks whose data are not there, or are damaged, are left out with their reason; some items
// of a task are the same ones for everybody.
#include "harness/scoring/task_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/harness/scoring/public_tasks.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> names_of(const TaskSuite& suite) {
  std::vector<std::string> names;
  for (const SuiteTask& task : suite.tasks) names.push_back(task.card.task);
  return names;
}

// GPT-3's table H.1 has 29 tasks; two of them have their data here.
TEST(TaskSuite, DataSetsThatAreMissingAreAbsentAndLeftOutByNameWhereAsked) {
  const tiny_study::Place place;
  const auto path = place.root / "tasks.bin";
  write_samples(path, {"copa", "piqa"}, {"record"});
  TaskSuite suite = public_suite(built_in_cards("gpt3"), TaskDataFile(path));
  EXPECT_EQ(names_of(suite), (std::vector<std::string>{"copa", "piqa"}));
  EXPECT_EQ(suite.tasks.at(1).data.items.size(), sample_items("piqa").size());
  EXPECT_EQ(suite.absent.size(), 27U);
  EXPECT_THAT(suite.left_out, IsEmpty());
  leave_out_absent(suite);
  EXPECT_EQ(suite.left_out.size(), 27U);
  for (const char* task : {"record", "hellaswag"})
    EXPECT_THAT(suite.left_out,
                Contains(AllOf(StartsWith(std::string(task) + ": data set '" + task + "'"),
                               HasSubstr("is not in the task data file"),
                               HasSubstr("run isoloss data prepare-tasks again"))));
}

// The last bytes of the file are of the last data set.
TEST(TaskSuite, ADataSetThatIsDamagedIsLeftOutAndTheOthersStay) {
  const tiny_study::Place place;
  const auto path = place.root / "tasks.bin";
  write_samples(path, {"copa", "piqa"}, {});
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-4, std::ios::end);
    file.put('#');
  }
  const TaskSuite suite = public_suite(built_in_cards("gpt3"), TaskDataFile(path));
  EXPECT_EQ(names_of(suite), std::vector<std::string>{"copa"});
  EXPECT_THAT(suite.left_out, Contains(AllOf(StartsWith("piqa: "), HasSubstr("tasks.bin"),
                                             HasSubstr("the checksum of piqa does not match"))));
}

// Ten passages of three items each.
TaskSuite passages(const std::string& task, bool reversed) {
  SuiteTask one;
  one.card.task = task;
  for (int i = 0; i < 30; ++i)
    one.data.items.push_back({{"id", std::to_string(i)}, {"group", std::to_string(i / 3)}});
  if (reversed) std::ranges::reverse(one.data.items);
  TaskSuite suite;
  suite.tasks.push_back(std::move(one));
  return suite;
}

std::set<std::string> kept(const std::string& task, std::int64_t most, std::uint64_t seed,
                           bool reversed = false) {
  TaskSuite suite = passages(task, reversed);
  keep_some(suite, most, seed);
  std::set<std::string> ids;
  for (const nlohmann::json& item : suite.tasks[0].data.items) ids.insert(item.at("id"));
  return ids;
}

TEST(TaskSuite, SomeItemsAreWholePassagesWhateverTheirOrder) {
  const std::set<std::string> seven = kept("race", 7, 0);
  EXPECT_EQ(seven.size(), 9U);  // three passages hold seven or more, two do not
  std::map<int, int> passages;
  for (const std::string& id : seven) ++passages[std::stoi(id) / 3];
  EXPECT_EQ(passages.size(), 3U);
  EXPECT_EQ(kept("race", 7, 0, true), seven);
  EXPECT_NE(seven, (std::set<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8"}));
  EXPECT_NE(kept("race", 7, 1), seven);
  EXPECT_TRUE(std::ranges::includes(kept("race", 12, 0), seven)) << "more hold the fewer";
  EXPECT_EQ(kept("race", 31, 0).size(), 30U);
}

// Of ten passages of three items: one is asked of each, or two answers of each item.
TEST(TaskSuite, SomeItemsAreCountedAsTheCardAsksThem) {
  TaskSuite last = passages("race", false);
  last.tasks[0].card.last_of_group = true;
  keep_some(last, 4, 0);
  EXPECT_EQ(last.tasks[0].data.items.size(), 12U);
  TaskSuite each = passages("race", false);
  each.tasks[0].card.items_of = "answers";
  for (nlohmann::json& item : each.tasks[0].data.items)
    item["answers"] = nlohmann::json::array({nlohmann::json::object(), nlohmann::json::object()});
  keep_some(each, 7, 0);
  EXPECT_EQ(each.tasks[0].data.items.size(), 6U);  // two passages: twelve answers
}

}  // namespace
}  // namespace isoloss
