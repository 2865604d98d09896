// Event files for TensorBoard: checksums by RFC 3720, bytes by the published formats, put together
// outside of this program by Python's struct and a bitwise CRC-32C; TensorBoard 2.21 reads them.
#include "results/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "results/crc32c.h"
#include "results/durable_file.h"
#include "tests/results/study_fixture.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// RFC 3720, appendix B.4; the bytes there are in the order of the wire.
TEST(Crc32c, GivesTheValuesOfTheStandard) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aa);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43);
  std::string rising(32, '\0');
  std::iota(rising.begin(), rising.end(), '\0');
  EXPECT_EQ(crc32c(rising), 0x46dd794e);
  EXPECT_EQ(crc32c(std::string(rising.rbegin(), rising.rend())), 0x113fdb5c);
}

// file_version "brain.Event:2" at time 0; then train/loss 2.5 at step 300 and 1.5 seconds.
constexpr const char* kVersion =
    "1800000000000000a37f4b220900000000000000001a0d627261696e2e4576656e743a32eedf28a3";
constexpr const char* kLoss =
    "2100000000000000017becf609000000000000f83f10ac022a130a110a0a747261696e2f6c6f7373150000204"
    "0b4ca3a3b";

TEST(EventFile, IsFramesOfEventsWithMaskedChecksums) {
  RunRecord record;
  EXPECT_EQ(event_file(record), from_hex(kVersion));
  record.steps.push_back({300, 2.5, 0.01, 1.25, 1.5});
  EXPECT_THAT(event_file(record), StartsWith(from_hex(kVersion) + from_hex(kLoss)));
}

TEST(EventFile, HoldsEveryCurveByItsName) {
  RunRecord record;
  record.steps.push_back({1, 2.5, 0.01, 1.25, 0.5});
  record.evaluations.emplace_back().step = 1;
  record.scores.push_back({1, "last-word", "accuracy", 0.5, 0.1, 10, 0});
  for (const char* tag : {"train/loss", "train/learning_rate", "train/gradient_norm",
                          "evaluation/loss", "evaluation/selection_loss", "last-word/accuracy"})
    EXPECT_THAT(event_file(record), HasSubstr(tag));
}

class EventFolder : public ResultsTest {};

TEST_F(EventFolder, HasAFolderOfEachRunThatBeganAndIsWrittenAnew) {
  std::vector<RunRecord> runs(2);  // the second has not begun
  RunRecord& run = runs.front();
  run.header = sample_header();
  run.steps.push_back({300, 2.5, 0.01, 1.25, 1.5});
  for (int time = 0; time < 2; ++time) EXPECT_EQ(write_event_files(runs, folder_ / "logs"), 1);
  const auto file = folder_ / "logs/transformer++-s-lr0.1-s18446744073709551615-0123456789abcdef" /
                    "events.out.tfevents.0.isoloss";
  EXPECT_EQ(read_file(file), event_file(run));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()),
                          std::filesystem::directory_iterator()),
            1);
}

}  // namespace
}  // namespace isoloss
