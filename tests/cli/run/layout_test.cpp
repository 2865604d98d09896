// Ranks that train a run together, by the program as a user starts it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using testing::HasSubstr;

class RunLayout : public testing::Test {
 protected:
  RunLayout() {
    std::string text;
    for (unsigned i = 1; text.size() < 30'000; i = i * 1103515245u + 12345u)
      text += std::string(1, static_cast<char>('a' + (i >> 16) % 9)) + ((i >> 20) % 5 ? "" : " ");
    spill(scratch_ / "text.txt", text);
    write_study("one", "threads: 1");
    write_study("blocks", "tensor_parallel: 2");
    write_study("square", "tensor_parallel: 2, data_parallel: 2");
    write_study("begin", "tensor_parallel: 2, data_parallel: 2", "[2560]");
  }
  void write_study(const std::string& name, const std::string& layout,
                   const std::string& tokens = "[2560, 6400]") const {
    spill(scratch_ / (name + ".yaml"),
          "study: layout\n"
          "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
          "model: {layers: 1, d_head: 8, sequence: 32}\n"
          "optimizer: {warmup_tokens: 2560, batch_tokens: 256}\n"
          "grid:\n"
          "  architecture: [primer, llama]\n"
          "  size: [{name: s, d_model: 16, d_ff_gated: 32}]\n"
          "  budget: {tokens: " +
              tokens +
              "}\n"
              "  learning_rate: [0.03]\n"
              "  seed: [0]\n"
              "evaluate: {tokens: 1024}\n"
              "run: {" +
              layout + "}\n");
  }
  Outcome isoloss(const std::string& arguments) const {
    return test::isoloss(arguments, scratch_.path());
  }
  // The losses of a folder, trial by trial.
  std::vector<double> losses(const std::string& folder) const {
    std::vector<double> result;
    std::istringstream lines(isoloss("points " + folder).out);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream cells(line);
      std::string cell;
      for (int column = 0; std::getline(cells, cell, ','); ++column)
        if (column == 9 && cell != "loss") result.push_back(std::stod(cell));
    }
    return result;
  }

  TemporaryFolder scratch_;
};

TEST_F(RunLayout, AnyLayoutTrainsToTheLossesOfOneRank) {
  ASSERT_EQ(isoloss("run one.yaml --out one").status, 0);
  const std::vector<double> want = losses("one");
  ASSERT_EQ(want.size(), 4U);
  for (const std::string name : {"blocks", "square"}) {
    const Outcome outcome = isoloss("run " + name + ".yaml --out " + name + " --ranks 4");
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const std::vector<double> got = losses(name);
    ASSERT_EQ(got.size(), want.size()) << name;
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5) << name;
    EXPECT_EQ(isoloss("verify " + name).status, 0);
  }
}

// The layout is no part of a run's identity: what four ranks began, one ends.
TEST_F(RunLayout, OneRankGoesOnFromWhatFourSaved) {
  ASSERT_EQ(isoloss("run one.yaml --out one").status, 0);
  ASSERT_EQ(isoloss("run begin.yaml --out mixed --ranks 4").status, 0);
  ASSERT_EQ(isoloss("run one.yaml --out mixed").status, 0);
  const std::vector<double> want = losses("one"), got = losses("mixed");
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5) << i;
}

TEST_F(RunLayout, RanksThatDoNotMakeBlocksAreRefusedBeforeTheyStart) {
  const Outcome outcome = isoloss("run square.yaml --out refused --ranks 3");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("3 ranks do not make blocks of 4"));
  EXPECT_THAT(outcome.err, HasSubstr("--ranks 4"));
}

}  // namespace
}  // namespace isoloss::test
