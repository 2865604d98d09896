// `isoloss submit` from outside: the site file, what overrides it, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kStudy =
    "study: tiny\n"
    "data: {synthetic: {symbols: 32, topics: 4}}\n"
    "model: {d_head: 8, sequence: 16, layers: 1}\n"
    "optimizer: {warmup_steps: 10, batch_tokens: 64}\n"
    "grid: {architecture: [transformer], size: [{name: s, d_model: 16}], budget: {tokens: "
    "[640]}}\n";

class Submit : public testing::Test {
 protected:
  Submit() {
    spill(scratch_ / "study.yaml", kStudy);
    spill(scratch_ / "site.yaml", "partition: gpu\nnodes: 4\nmodules: [gcc, openmpi]\n");
  }
  Outcome submit(const std::string& options) const {
    return isoloss("submit study.yaml --out out --dry-run " + options, scratch_.path());
  }
  TemporaryFolder scratch_;
};

TEST_F(Submit, ASiteFileSpeaksForItself) {
  const Outcome outcome = submit("--site site.yaml");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("#SBATCH --partition=gpu\n"));
  EXPECT_THAT(outcome.out, HasSubstr("#SBATCH --nodes=4\n"));
  EXPECT_THAT(outcome.out, HasSubstr("module load gcc || exit 1\nmodule load openmpi || exit 1\n"));
}

TEST_F(Submit, OptionsOverrideIt) {
  const Outcome outcome = submit("--site site.yaml --nodes 2 --module intel --array 3");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("#SBATCH --partition=gpu\n"));
  EXPECT_THAT(outcome.out, HasSubstr("#SBATCH --nodes=2\n"));
  EXPECT_THAT(outcome.out, HasSubstr("#SBATCH --array=1-3\n"));
  EXPECT_THAT(outcome.out, HasSubstr("module load intel"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("module load gcc")));
}

TEST_F(Submit, RefusesInOneLineThatNamesThePlace) {
  spill(scratch_ / "bad.yaml", "partition: gpu\ntask_per_node: 4\n");
  const Outcome file = submit("--site bad.yaml");
  EXPECT_EQ(file.status, 2);
  EXPECT_EQ(file.err,
            "isoloss: bad.yaml:2: task_per_node: unknown key (no such name here); did you mean "
            "'tasks_per_node'?\n");
  const Outcome option = submit("--nodes none");
  EXPECT_EQ(option.status, 2);
  EXPECT_THAT(option.err, StartsWith("isoloss: --nodes: 'none' is no count ("));
  EXPECT_EQ(submit("--array 0").status, 2);
  EXPECT_EQ(submit("--device h200").status, 2);
}

}  // namespace
}  // namespace isoloss::test
