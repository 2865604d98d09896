// Public tasks whose data are not there, or are damaged, are left out with their reason.
#include "harness/task_suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/harness/public_tasks.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> names_of(const TaskSuite& suite) {
  std::vector<std::string> names;
  for (const SuiteTask& task : suite.tasks) names.push_back(task.card.task);
  return names;
}

// GPT-3's table H.1 has 29 tasks; two of them have their data here.
TEST(TaskSuite, DataSetsThatAreMissingAreLeftOutByName) {
  const tiny_study::Place place;
  const auto path = place.root / "tasks.bin";
  write_samples(path, {"copa", "piqa"}, {"record"});
  const TaskSuite suite = public_suite(built_in_cards("gpt3"), TaskDataFile(path));
  EXPECT_EQ(names_of(suite), (std::vector<std::string>{"copa", "piqa"}));
  EXPECT_EQ(suite.tasks.at(1).data.items.size(), sample_items("piqa").size());
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

}  // namespace
}  // namespace isoloss
