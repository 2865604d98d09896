// Files are whole or absent, whoever dies and whatever disk is full.
#include "results/durable_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <set>

#include "model/spec/error.h"
#include "tests/results/results_fixture.h"
#include "tests/results/small_disk.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using DurableFile = ResultsTest;

template <class Work>
std::string work_error(Work work) {
  try {
    work();
  } catch (const WorkError& error) {
    return error.what();
  }
  return "no error";
}

TEST_F(DurableFile, HoldsExactlyWhatWasWritten) {
  const std::string content("a\0b\nc", 5);
  write_durably(folder_ / "file", content);
  EXPECT_EQ(read_file(folder_ / "file"), content);
}

TEST_F(DurableFile, ReplacesTheOldContentAndLeavesNoTemporary) {
  write_durably(folder_ / "file", "a longer first content");
  write_durably(folder_ / "file", "second");
  EXPECT_EQ(read_file(folder_ / "file"), "second");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(DurableFile, MakesMissingFolders) {
  write_durably(folder_ / "a" / "b" / "file", "x");
  EXPECT_EQ(read_file(folder_ / "a" / "b" / "file"), "x");
}

TEST_F(DurableFile, CommitMovesTheTemporaryIntoPlace) {
  const fs::path temporary = temporary_beside(folder_ / "file");
  std::ofstream(temporary) << "content";
  commit_file(temporary, folder_ / "file");
  EXPECT_EQ(read_file(folder_ / "file"), "content");
  EXPECT_FALSE(fs::exists(temporary));
}

TEST_F(DurableFile, TemporariesHaveNamesOfTheirOwnInTheSameFolder) {
  std::set<fs::path> names;
  for (int i = 0; i < 100; ++i) names.insert(temporary_beside(folder_ / "file"));
  EXPECT_EQ(names.size(), 100U);
  for (const fs::path& name : names) {
    EXPECT_EQ(name.parent_path(), folder_);
    EXPECT_TRUE(is_temporary(name));
  }
  EXPECT_FALSE(is_temporary(folder_ / "run.h5"));
}

TEST_F(DurableFile, OnlyTheWholeFormIsATemporarysName) {
  for (const char* name : {"run.h5.tmp-host-12-0", "run.h5.tmp-node-7.site-12-34"})
    EXPECT_TRUE(is_temporary(folder_ / name)) << name;
  for (const char* name :
       {"notes.tmp-old", "run.h5.tmp-host-12", "run.h5.tmp-12-0", "run.h5.tmp--12-0",
        "run.h5.tmp-host-12-0.bak", "run.h5.tmp-host-0-1", "run.h5.tmp-host-x-1",
        "run.h5.tmp-host-1-", ".tmp-host-12-0", "run.h5.tmp-host-99999999999-0"})
    EXPECT_FALSE(is_temporary(folder_ / name)) << name;
}

TEST_F(DurableFile, PublishOnceNeverReplaces) {
  EXPECT_TRUE(publish_once(folder_ / "file", "first"));
  EXPECT_FALSE(publish_once(folder_ / "file", "second"));
  EXPECT_EQ(read_file(folder_ / "file"), "first");
  EXPECT_EQ(entries(), 1U);
}

// Each process publishes its own content; the exit statuses say who believes to have won.
TEST_F(DurableFile, OfProcessesThatPublishAtOnceExactlyOneWins) {
  constexpr int kProcesses = 4;
  for (int round = 0; round < 25; ++round) {
    const fs::path path = folder_ / ("file" + std::to_string(round));
    std::array<int, 2> gate{};
    ASSERT_EQ(::pipe(gate.data()), 0);
    std::vector<pid_t> children;
    for (int process = 0; process < kProcesses; ++process) {
      const pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        ::close(gate[1]);
        char byte = 0;
        // Returns when the parent closes its end: all start together.
        if (::read(gate[0], &byte, 1) != 0) ::_exit(2);
        ::_exit(publish_once(path, std::to_string(process)) ? 1 : 0);
      }
      children.push_back(child);
    }
    ::close(gate[0]);
    ::close(gate[1]);
    std::vector<int> winners;
    for (int process = 0; process < kProcesses; ++process) {
      int status = 0;
      ASSERT_EQ(::waitpid(children[static_cast<std::size_t>(process)], &status, 0),
                children[static_cast<std::size_t>(process)]);
      ASSERT_TRUE(WIFEXITED(status));
      ASSERT_LE(WEXITSTATUS(status), 1);
      if (WEXITSTATUS(status) == 1) winners.push_back(process);
    }
    ASSERT_EQ(winners.size(), 1U);
    EXPECT_EQ(read_file(path), std::to_string(winners.front()));
  }
  EXPECT_EQ(entries(), 25U);
}

TEST_F(DurableFile, AMissingFileIsBadInputThatNamesIt) {
  try {
    read_file(folder_ / "nothing");
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot read " + (folder_ / "nothing").string() +
                  " (No such file or directory); check the path and its permissions");
  }
}

TEST_F(DurableFile, AFolderIsNoFile) { EXPECT_THROW(read_file(folder_), InputError); }

TEST_F(DurableFile, AFileInPlaceOfAFolderIsAnErrorThatNamesTheTarget) {
  write_durably(folder_ / "file", "x");
  const std::string message = work_error([&] { write_durably(folder_ / "file" / "below", "y"); });
  EXPECT_THAT(message, ::testing::StartsWith("cannot write " + (folder_ / "file/below").string()));
}

TEST_F(DurableFile, AFullDiskLeavesTheOldFileAndNoTemporary) {
  const SmallDisk disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << disk.why_not();
  const fs::path path = disk.path() / "file";
  write_durably(path, "old");
  const std::string large(SmallDisk::kBytes + 1, 'x');
  const std::string expected =
      "cannot write " + path.string() + " (No space left on device); free space and run again";
  EXPECT_EQ(work_error([&] { write_durably(path, large); }), expected);
  EXPECT_EQ(read_file(path), "old");
  const fs::path other = disk.path() / "other";
  EXPECT_THAT(work_error([&] { publish_once(other, large); }),
              ::testing::HasSubstr("(No space left on device)"));
  EXPECT_EQ(std::distance(fs::directory_iterator(disk.path()), fs::directory_iterator()), 1);
}

TEST_F(DurableFile, ACopyThatFindsNoRoomSaysSo) {
  const SmallDisk disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << disk.why_not();
  const fs::path from = folder_ / "from";
  write_durably(from, std::string(3'000'000, 'x'));
  EXPECT_THAT(work_error([&] { copy_durably(from, disk.path() / "to"); }),
              testing::HasSubstr("to (No space left on device); free space and run again"));
  EXPECT_TRUE(fs::is_empty(disk.path()));
}

TEST_F(DurableFile, WhatIsNoFileIsNotReplaced) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(work_error([&] { write_durably(pipe, "text"); }),
              testing::HasSubstr("cannot write " + pipe.string() + " ("));
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(DurableFile, ACopyHoldsWhatWasCopiedAndReplacesNothing) {
  const fs::path from = folder_ / "from", to = folder_ / "deep" / "to";
  const std::string content = std::string(1'500'000, 'x') + "end";
  write_durably(from, content);
  copy_durably(from, to);
  EXPECT_EQ(read_file(to), content);
  EXPECT_THROW(copy_durably(from, to), WorkError);
  EXPECT_THROW(copy_durably(folder_ / "none", folder_ / "other"), InputError);
}

TEST_F(DurableFile, WritingToAFullDeviceNamesTheFile) {
  const int device = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (device < 0) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ(work_error([&] { write_all(device, "FILE", "x"); }),
            "cannot write FILE (No space left on device); free space and run again");
  ::close(device);
}

}  // namespace
}  // namespace isoloss
