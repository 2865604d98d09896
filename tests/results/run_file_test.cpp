// The HDF5 file of a run keeps every bit and is refused when any bit changed.
#include "results/run_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/hdf5_handle.h"
#include "results/hdf5_values.h"
#include "tests/results/results_fixture.h"
#include "tests/results/small_disk.h"

namespace isoloss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using RunFile = ResultsTest;

// The message of an InputError: one line that starts as all of them do.
std::string refusal(std::string_view bytes) {
  try {
    run_record_from(bytes, "FILE");
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), ::testing::StartsWith("cannot read FILE ("));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    EXPECT_THAT(error.what(), HasSubstr("); "));
    return error.what();
  }
  return "accepted";
}

TEST_F(RunFile, ComesBackEqual) {
  const RunRecord record = sample_record();
  write_run_file(folder_ / "run.h5", record);
  EXPECT_EQ(read_run_file(folder_ / "run.h5"), record);
}

TEST_F(RunFile, KeepsTheSignOfZeroAndNotANumber) {
  RunRecord record = sample_record();
  record.steps[0].loss = std::numeric_limits<double>::quiet_NaN();
  record.evaluations[0].sequence_losses[1] = std::numeric_limits<float>::quiet_NaN();
  const RunRecord back = run_record_from(run_file_bytes(record), "FILE");
  EXPECT_TRUE(std::isnan(back.steps[0].loss));
  EXPECT_TRUE(std::signbit(back.steps[1].loss));
  EXPECT_TRUE(std::isnan(back.evaluations[0].sequence_losses[1]));
}

TEST_F(RunFile, ARunThatHasNotBegunComesBackEqual) {
  RunRecord record;
  record.header.id = "empty";
  EXPECT_EQ(run_record_from(run_file_bytes(record), "FILE"), record);
}

TEST_F(RunFile, AnUnknownFloorStaysUnknown) {
  RunRecord record = sample_record();
  record.header.floor.reset();
  EXPECT_FALSE(run_record_from(run_file_bytes(record), "FILE").header.floor.has_value());
}

TEST_F(RunFile, EqualRecordsGiveEqualBytes) {
  EXPECT_EQ(run_file_bytes(sample_record()), run_file_bytes(sample_record()));
}

TEST_F(RunFile, AFileCutShortAnywhereIsRefused) {
  const std::string bytes = run_file_bytes(sample_record());
  for (std::size_t length = 0; length < bytes.size(); length += length < 600 ? 1 : 97)
    EXPECT_NE(refusal(std::string_view(bytes).substr(0, length)), "accepted") << length;
  for (std::size_t cut = 1; cut <= 64; ++cut)
    EXPECT_NE(refusal(std::string_view(bytes).substr(0, bytes.size() - cut)), "accepted") << cut;
}

TEST_F(RunFile, AFlippedBitAnywhereIsRefused) {
  std::string bytes = run_file_bytes(sample_record());
  for (std::size_t at = 0; at < bytes.size(); at += at + 64 < bytes.size() ? 31 : 1) {
    const char whole = bytes[at];
    bytes[at] = static_cast<char>(whole ^ (1 << (at % 8)));
    EXPECT_NE(refusal(bytes), "accepted") << "byte " << at;
    bytes[at] = whole;
  }
  EXPECT_EQ(refusal(bytes), "accepted");
}

TEST_F(RunFile, BytesBehindItsEndAreRefused) {
  EXPECT_NE(refusal(run_file_bytes(sample_record()) + "x"), "accepted");
}

TEST_F(RunFile, AFileThatIsNoHdf5IsCalledThat) {
  EXPECT_THAT(refusal("a,b\n1,2\n"), HasSubstr("it is no HDF5 file"));
}

TEST_F(RunFile, AnHdf5FileOfAnotherProgramIsCalledThat) {
  const Hdf5Handle file = create_in_memory();
  EXPECT_THAT(refusal(file_image(file)), HasSubstr("not written by isoloss"));
}

TEST_F(RunFile, ASealedFileWithoutTheSchemaIsRefused) {
  const QuietHdf5 quiet;
  const Hdf5Handle file = create_in_memory();
  EXPECT_THAT(refusal(sealed(file_image(file))), HasSubstr("attribute format"));
}

TEST_F(RunFile, AMissingColumnIsNamed) {
  const QuietHdf5 quiet;
  const std::string image = [] {
    const std::string bytes = run_file_bytes(sample_record());
    const std::span<const char> inner = unsealed(bytes, "FILE");
    return std::string(inner.begin(), inner.end());
  }();
  // Renaming in the group's heap of names is how a column goes missing without a rebuild.
  std::string without = image;
  const std::size_t name = without.find("gradient_norm");
  ASSERT_NE(name, std::string::npos);
  without[name] = 'h';
  EXPECT_THAT(refusal(sealed(without)), HasSubstr("dataset gradient_norm"));
}

// The version is the uint32 at 24 bytes before the end, the checksum the last 8 (docs/format.md).
TEST_F(RunFile, AnotherVersionIsNamed) {
  std::string bytes = run_file_bytes(sample_record());
  bytes.resize(bytes.size() - 8);
  bytes[bytes.size() - 16] = 7;
  append_u64(bytes, checksum(bytes));
  EXPECT_THAT(refusal(bytes), HasSubstr("format version 7, this program reads 1"));
}

TEST_F(RunFile, AMissingFileIsBadInput) {
  EXPECT_THROW(read_run_file(folder_ / "run.h5"), InputError);
}

TEST_F(RunFile, EvaluationsOnDifferentSequencesAreNotStored) {
  RunRecord record = sample_record();
  record.evaluations[1].sequence_losses.pop_back();
  EXPECT_THROW(write_run_file(folder_ / "run.h5", record), WorkError);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(RunFile, AFullDiskLeavesNothing) {
  const SmallDisk disk(folder_ / "disk");
  if (!disk.mounted()) GTEST_SKIP() << disk.why_not();
  RunRecord record = sample_record();
  for (std::int64_t step = 21; step < 10'000; ++step) record.steps.push_back(sample_step(step));
  try {
    write_run_file(disk.path() / "run.h5", record);
    FAIL() << "no error";
  } catch (const WorkError& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot write " + (disk.path() / "run.h5").string() +
                  " (No space left on device); free space and run again");
  }
  EXPECT_TRUE(std::filesystem::is_empty(disk.path()));
}

// Other programs: the expected values are sample_record's, written out by hand.
constexpr const char* kPython = R"(
import sys, math
import h5py
with h5py.File(sys.argv[1]) as f:
    a = f.attrs
    assert a['format'] == 'isoloss run' and a['format_version'] == 1
    assert a['id'] == '0123456789abcdef' and a['study'] == 'caf\u00e9'
    assert a['seed'] == 2**64 - 1 and a['learning_rate'] == 0.1 and a['floor'] == 1.25
    assert a['state'] == 'diverged' and a['reason'] == 'loss is not finite at step 21'
    assert [s.decode() for s in f['flops_per_token/convention']] == ['exact', '6N']
    assert list(f['flops_per_token/value']) == [400000.5, 360000.0]
    assert list(f['train/step']) == list(range(1, 21))
    assert f['train/tokens'][19] == 20 * 1024
    assert f['train/flops'][19] == 20 * 1024 * 400000.5
    assert f['train/learning_rate'][0] == 0.01
    assert f['eval/sequence_losses'].shape == (2, 3)
    assert f['eval/sequence_losses'].dtype == 'float32'
    assert list(f['eval/sequence_losses'][1]) == [2.5, 3.5, 3.0]
    assert abs(f['eval/bits_per_byte'][0] - 3 / math.log(2) / 2) < 1e-15
    assert list(f['eval/epochs']) == [1.0, 2.0]
    assert f['eval/budget_unit'][0].decode() == 'flops'
    assert f['scores/task'][0].decode() == 'last word' and f['scores/n'][0] == 100
    def labelled(name, item):
        if isinstance(item, h5py.Dataset):
            assert item.attrs['units'] and item.attrs['description'], name
    f.visititems(labelled)
)";

TEST_F(RunFile, H5pyReadsWhatWasWritten) {
  // Debian's h5py belongs to Debian's Python, which need not be the first on the path.
  std::string python;
  for (const std::string candidate : {"python3", "/usr/bin/python3"})
    if (python.empty() && std::system((candidate + " -c 'import h5py' 2>/dev/null").c_str()) == 0)
      python = candidate;
  if (python.empty()) GTEST_SKIP() << "no python3 here has h5py";
  write_run_file(folder_ / "run.h5", sample_record());
  std::ofstream(folder_ / "check.py") << kPython;
  const std::string command =
      python + " " + (folder_ / "check.py").string() + " " + (folder_ / "run.h5").string();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(RunFile, H5dumpShowsCurvesWithTheirUnits) {
  if (std::system("h5dump --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no h5dump here";
  write_run_file(folder_ / "run.h5", sample_record());
  const std::string command =
      "h5dump -d /eval/loss " + (folder_ / "run.h5").string() + " > " + (folder_ / "dump").string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(read_file(folder_ / "dump"),
              ::testing::AllOf(HasSubstr("(0): 3, 3"), HasSubstr("nats/token")));
}

}  // namespace
}  // namespace isoloss
