// Commands as a user runs them: what the help says works, and JSON is one object of the promised
// keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// What a shell redirects to a full disk is cut, whether it fits the program's buffer or not.
TEST(Commands, OutputThatIsNotWholeIsNoSuccess) {
  const TemporaryFolder scratch;
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string plan = "plan '" + test::checkout() + "/sweeps/quickstart.yaml' --json";
  for (const std::string& command : {std::string("--help"), std::string("catalogue"), plan}) {
    const Outcome outcome = isoloss(command + " >/dev/full 2>said; exit $?; :", scratch.path());
    EXPECT_EQ(outcome.status, 1) << command;
    EXPECT_THAT(slurp(scratch / "said"), testing::HasSubstr("standard output did not take all"));
  }
}

// As `isoloss points DIR | head -1`: who reads has seen enough, and SIGPIPE ends the program.
TEST(Commands, AReaderThatLeavesIsNoFault) {
  const TemporaryFolder scratch;
  const Outcome outcome =
      isoloss("plan '" + test::checkout() + "/sweeps/quickstart.yaml' --json 2>said | true; :",
              scratch.path());
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(slurp(scratch / "said"), "");
}

TEST(Commands, TheVersionIsOneLine) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("--version", scratch.path());
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.out.starts_with("isoloss ")) << outcome.out;
  EXPECT_EQ(outcome.out.find('\n'), outcome.out.size() - 1) << outcome.out;
}

// What `run` would do there: of heads of 8 on the GPU, of 12 on the processor.
TEST(Commands, PlansForAGpuWhatAutoTrainsThere) {
  const TemporaryFolder scratch;
  const auto memory = [&](const std::string& device, int d_head) {
    spill(scratch / "study.yaml",
          "study: s\ndata: {synthetic: {symbols: 32, topics: 4}}\n"
          "model: {sequence: 16, layers: 4, d_head: " +
              std::to_string(d_head) +
              "}\n"
              "optimizer: {warmup_steps: 10, batch_tokens: 64}\n"
              "grid: {architecture: [transformer], size: [{name: s, d_model: 48}], "
              "budget: {tokens: [640]}}\n"
              "run: {dtype: bfloat16, device: " +
              device + "}\n");
    const Outcome outcome = isoloss("plan study.yaml --device h100 --json", scratch.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out).at("runs").at(0).at("memory_bytes_per_rank").get<double>();
  };
  EXPECT_NE(memory("cuda", 8), memory("cpu", 8));
  EXPECT_EQ(memory("auto", 8), memory("cuda", 8));
  EXPECT_EQ(memory("auto", 12), memory("cpu", 12));
}

TEST(Commands, EachHasHelpWithAnExample) {
  const TemporaryFolder scratch;
  const Outcome usage = isoloss("--help", scratch.path());
  ASSERT_EQ(usage.status, 0);
  std::istringstream lines(usage.out);
  int commands = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ")) continue;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    const Outcome help = isoloss(name + " --help", scratch.path());
    EXPECT_EQ(help.status, 0) << name;
    EXPECT_THAT(help.out, HasSubstr("example: isoloss " + name)) << name;
    ++commands;
  }
  EXPECT_GE(commands, 9);
}

// Options are read before anything is written or printed.
TEST(Commands, BadOptionsExitTwoAndWriteNothing) {
  const TemporaryFolder scratch;
  std::string csv = "architecture,parameters,tokens,flops,loss\n";
  for (int i = 0; i < 8; ++i) {
    const double flops = 1e15 * std::pow(10.0, 0.25 * i);
    for (const char* name : {"a", "b"}) {
      csv += std::string(name) + ",1e6,1e9," + std::to_string(flops) + "," +
             std::to_string(30 * std::pow(flops, -0.05)) + "\n";
    }
  }
  spill(scratch / "points.csv", csv);
  spill(scratch / "fit.json",
        isoloss("fit points.csv --architecture a --bootstrap 0 --json", scratch.path()).out);
  const std::string savings = "savings points.csv --baseline a --candidate b ";
  for (const std::string& command : {std::string("report points.csv --baseline a --resolve 0"),
                                     std::string("report points.csv --baseline a --resolve nan"),
                                     std::string("report points.csv --baseline a --bootstrap -1"),
                                     std::string("report points.csv --baseline a --from-budget -5"),
                                     std::string("report points.csv --baseline c"),
                                     std::string("report points.csv --baseline a --tensorboard t"),
                                     savings + "--resolve -3",
                                     savings + "--resolve 5 --exponent .1 --floor 0",
                                     savings + "--level 1",
                                     savings + "--at 3,x",
                                     savings + "--threads 0",
                                     savings + "--bootstrap -2",
                                     savings + "--floor lots",
                                     savings + "--frontier curve",
                                     savings + "--flops 6N",
                                     std::string("fit points.csv --flops 6N"),
                                     std::string("fit points.csv --delta 0"),
                                     std::string("fit points.csv --level 95"),
                                     std::string("fit points.csv --objective mean"),
                                     std::string("fit points.csv --law chinchila"),
                                     std::string("fit points.csv --threads -1"),
                                     std::string("predict fit.json --flops 1e18 --level 0"),
                                     std::string("predict fit.json --flops nan")}) {
    const Outcome outcome = isoloss(command, scratch.path());
    EXPECT_EQ(outcome.status, 2) << command << '\n' << outcome.err;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(scratch / "points-report")) << command;
  }
}

}  // namespace
}  // namespace isoloss::test
