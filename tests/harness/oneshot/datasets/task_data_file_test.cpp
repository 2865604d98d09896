#include "harness/oneshot/datasets/task_data_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/durable_file.h"
#include "results/file_seal.h"
#include "tests/harness/oneshot/datasets/public_samples.h"

namespace isoloss {
namespace {

TaskData two_sets() {
  TaskData data{"bytes", 0x0123456789abcdef, {}, {"quac"}};
  for (const char* name : {"hellaswag", "winograd"}) {
    FoundDataSet read = found("publishers", name);
    data.sets.push_back({name, "validation", "train", "ours", read.files, read.warnings,
                         std::move(read.items), std::move(read.shots)});
  }
  return data;
}

class TaskDataFiles : public testing::Test {
 protected:
  TaskDataFiles() { write_task_data(path_, two_sets()); }
  std::filesystem::path path_ = fresh_folder("task-data") / "tasks.bin";

  std::string refused_with(std::size_t place) {
    std::string bytes = read_file(path_);
    bytes[place] = static_cast<char>(bytes[place] ^ 1);
    const auto changed = path_.string() + ".changed";
    write_durably(changed, bytes);
    return message_of([&] {
      const TaskDataFile file(changed);
      for (const std::string& name : file.names()) file.read(name);
    });
  }
};

TEST_F(TaskDataFiles, GivesBackWhatWasWritten) {
  const TaskDataFile file(path_);
  EXPECT_EQ(file.tokenizer(), "bytes");
  EXPECT_EQ(file.tokenizer_hash(), 0x0123456789abcdefu);
  EXPECT_EQ(file.names(), (std::vector<std::string>{"hellaswag", "winograd"}));
  EXPECT_EQ(file.missing(), std::vector<std::string>{"quac"});
  const TaskData written = two_sets();
  EXPECT_EQ(file.read("hellaswag"), written.sets[0]);
  EXPECT_EQ(file.read("winograd"), written.sets[1]);
}

TEST_F(TaskDataFiles, TheSameDataMakeTheSameBytes) {
  const auto again = path_.string() + ".again";
  write_task_data(again, two_sets());
  EXPECT_EQ(read_file(again), read_file(path_));
}

// docs/format.md, "Task data file".
TEST_F(TaskDataFiles, LiesOnDiskAsItsLayoutSays) {
  const std::string bytes = read_file(path_);
  EXPECT_EQ(bytes.substr(0, 8), "ISOLTSK\n");
  EXPECT_EQ(u32_at(bytes, 8), 1u);
  EXPECT_EQ(u32_at(bytes, 12), 0u);
  EXPECT_EQ(u64_at(bytes, 16), 0x0123456789abcdefu);
  const std::size_t directory = u64_at(bytes, 24);
  EXPECT_EQ(u64_at(bytes, 32), bytes.size());
  EXPECT_EQ(u64_at(bytes, 40), checksum(bytes.substr(0, 40) + bytes.substr(48, directory)));
  const auto sets = nlohmann::json::parse(bytes.substr(48, directory)).at("sets");
  const std::string section = bytes.substr(48 + directory, sets[0].at("bytes"));
  EXPECT_EQ(section, found("publishers", "hellaswag").items[0].dump() + "\n" +
                         found("publishers", "hellaswag").shots[0].dump() + "\n");
}

TEST_F(TaskDataFiles, AFlippedBitIsFoundWhereverItIs) {
  const std::size_t size = read_file(path_).size();
  EXPECT_EQ(message_of([&] { TaskDataFile(path_).read("winograd"); }), "no error");
  for (std::size_t place = 0; place < size; place += 7)
    EXPECT_THAT(refused_with(place), testing::StartsWith("cannot read ")) << "byte " << place;
  EXPECT_THAT(refused_with(size - 2), testing::HasSubstr("checksum of winograd does not match"));
  EXPECT_THAT(refused_with(8), testing::HasSubstr("format version"));
}

TEST_F(TaskDataFiles, AFileCutShortIsRefused) {
  const std::string bytes = read_file(path_);
  const auto cut = path_.string() + ".cut";
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{30}, std::size_t{100}, bytes.size() - 1}) {
    write_durably(cut, bytes.substr(0, size));
    EXPECT_THAT(message_of([&] { TaskDataFile{cut}; }), testing::HasSubstr("cut short")) << size;
  }
}

TEST_F(TaskDataFiles, AMissingDataSetIsNamedAsMissing) {
  const TaskDataFile file(path_);
  EXPECT_FALSE(file.has("quac"));
  EXPECT_THAT(message_of([&] { file.read("quac"); }),
              testing::HasSubstr("has no quac (its files were missing when the file was made); "));
  EXPECT_THAT(message_of([&] { file.read("helaswag"); }),
              testing::EndsWith("did you mean 'hellaswag'?"));
}

TEST_F(TaskDataFiles, AnotherTokenizerIsRefused) {
  const TaskDataFile file(path_);
  EXPECT_NO_THROW(file.require_tokenizer(0x0123456789abcdef, "run 1"));
  EXPECT_THAT(
      message_of([&] { file.require_tokenizer(2, "run 1"); }),
      testing::HasSubstr("was made for another tokenizer (bytes, 0123456789abcdef) than run "
                         "1 reads (0000000000000002)"));
}

}  // namespace
}  // namespace isoloss
