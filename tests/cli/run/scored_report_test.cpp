// From a study file to its report: one-shot accuracy against compute for each architecture with
// bands, and the compute multiplier beside the loss savings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Eight people in turn, each bound for a place of their own with a thing out of six: what follows a
// sentence, and in which order, a model learns within 400 steps.
std::string turns() {
  const char* people[] = {"smith", "monk", "baker", "queen", "sailor", "miller", "nurse", "thief"};
  const char* places[] = {"forge", "abbey", "oven", "court", "boat", "river", "bed", "jail"};
  const char* things[] = {"lamp", "rope", "coin", "book", "cup", "hat"};
  std::string text;
  for (unsigned i = 0, draw = 1; i < 12'000; ++i, draw = draw * 1103515245 + 12345)
    text += std::string("A ") + people[i % 8] + " took a " + things[draw / 65536 % 6] + " to the " +
            places[i % 8] + (i % 8 == 7 ? ".\n" : ". ");
  return text;
}

// Rows of a plot's CSV by series and kind.
std::map<std::string, int> rows_of(const fs::path& csv) {
  std::istringstream lines(slurp(csv));
  std::map<std::string, int> rows;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t kind = line.find(',');
    if (line.starts_with('#') || kind == std::string::npos) continue;
    ++rows[line.substr(0, line.find(',', kind + 1))];
  }
  return rows;
}

TEST(ScoredReport, ShowsAccuracyAgainstComputeWithBandsAndTheMultiplier) {
  const TemporaryFolder scratch;
  spill(scratch / "text.txt", turns());
  spill(scratch / "study.yaml",
        "study: turns\n"
        "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
        "model: {layers: 2, d_head: 16, sequence: 256}\n"
        "optimizer: {schedule: cosine, warmup_tokens: 5120, batch_tokens: 1024, learning_rate: "
        "0.05}\n"
        "grid:\n"
        "  architecture: [transformer, primer]\n"
        "  size: [{name: s, d_model: 32}]\n"
        "  budget: {tokens: [25600, 51200, 102400, 204800, 409600]}\n"
        "  seed: [0]\n"
        "evaluate: {tokens: 4096, tasks: [sentence-order]}\n");
  const Outcome trained = isoloss("run study.yaml --out study", scratch.path());
  ASSERT_EQ(trained.status, 0) << trained.err;
  const Outcome reported = isoloss("report study --bootstrap 100", scratch.path());
  ASSERT_EQ(reported.status, 0) << reported.err;
  const fs::path folder = scratch / "study/report";
  const auto accuracy = rows_of(folder / "one_shot_1.csv");
  for (const char* architecture : {"transformer", "primer"}) {
    EXPECT_EQ(accuracy.at(architecture + std::string(",points")), 5);
    EXPECT_GT(accuracy.at(architecture + std::string(" band,band")), 1);
  }
  EXPECT_EQ(rows_of(folder / "one_shot_multipliers.csv").at("primer,points"), 1);
  const std::string page = slurp(scratch / "study/report.html");
  EXPECT_THAT(page, HasSubstr("sentence-order"));
  EXPECT_THAT(slurp(folder / "one_shot_multipliers.csv"),
              HasSubstr("primer against transformer at accuracy"));
}

}  // namespace
}  // namespace isoloss::test
