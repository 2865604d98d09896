// What `isoloss export` replaces, and what a bfloat16 study says, by the program as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using testing::HasSubstr;

std::string study(const std::string& run) {
  return "study: export\n"
         "data: {text: text.txt, tokenizer: bytes, validation: 0.2}\n"
         "model: {layers: 1, d_head: 8, sequence: 32}\n"
         "optimizer: {warmup_tokens: 256, batch_tokens: 256}\n"
         "grid:\n"
         "  architecture: [llama]\n"
         "  size: [{name: s, d_model: 16, d_ff_gated: 32}]\n"
         "  budget: {tokens: [512]}\n"
         "  learning_rate: [0.03]\n"
         "evaluate: {tokens: 1024}\n"
         "run: {" +
         run + "}\n";
}

class Trained : public testing::Test {
 protected:
  Trained() {
    std::string text;
    for (unsigned i = 1; text.size() < 30'000; i = i * 1103515245u + 12345u)
      text += static_cast<char>('a' + (i >> 16) % 9);
    spill(scratch_ / "text.txt", text);
  }
  Outcome isoloss(const std::string& arguments) const {
    return test::isoloss(arguments, scratch_.path());
  }
  Scratch scratch_;
};

TEST_F(Trained, AnExportReplacesAnEarlierOneOfItsRunAlone) {
  spill(scratch_ / "study.yaml", study("threads: 1"));
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  EXPECT_EQ(isoloss("export out --to hf --out model").status, 0);
  EXPECT_EQ(isoloss("export out --to hf --out model").status, 0);
  spill(scratch_ / "mine" / "notes.txt", "keep me");
  const Outcome refused = isoloss("export out --to hf --out mine");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("mine is there already (and is no export of this run)"));
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "mine" / "config.json"));
  EXPECT_EQ(isoloss("export out --to hf --out mine --force").status, 0);
  EXPECT_EQ(slurp(scratch_ / "mine" / "notes.txt"), "keep me");
  EXPECT_EQ(isoloss("export out --to safetensors --out text.txt").status, 2);
}

TEST_F(Trained, ARunAndItsExportWriteTheSameText) {
  spill(scratch_ / "study.yaml", study("threads: 1"));
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  ASSERT_EQ(isoloss("export out --to hf --out model").status, 0);
  const std::string options = " --prompt abc --tokens 12 --temperature 0.8 --top-k 5 --seed 3";
  const Outcome run = isoloss("sample out" + options);
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(run.out.starts_with("abc"));
  EXPECT_EQ(run.out.size(), 3 + 12 + 1u);
  EXPECT_EQ(isoloss("sample hf:model" + options).out, run.out);
  EXPECT_NE(isoloss("sample out --prompt abc --tokens 12 --seed 4").out, run.out);
  const Outcome cut = isoloss("sample out --prompt " + std::string(40, 'a') + " --tokens 12");
  EXPECT_EQ(cut.status, 0);
  EXPECT_THAT(cut.err, HasSubstr("the prompt's first 21 tokens are left out (the model reads 32)"));
}

TEST_F(Trained, SampleRefusesWhatItCannotDo) {
  const struct {
    const char* arguments;
    const char* problem;
  } cases[] = {
      {"sample nowhere", "--prompt is missing"},
      {"sample nowhere --prompt a", "nowhere is no run"},
      {"sample hf:nowhere --prompt a", "nowhere is no folder"},
      {"sample nowhere --prompt a --temperature -1", "--temperature is -1"},
      {"sample nowhere --prompt a --top-k -2", "--top-k is -2"},
  };
  for (const auto& [arguments, problem] : cases) {
    const Outcome outcome = isoloss(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr(problem)) << arguments;
  }
}

// Whether bfloat16 is slower here is the processor's matter; what is said of it is the warning with
// its ratio, on standard error.
TEST_F(Trained, ABFloat16StudyTrainsAndLeavesStandardOutputAlone) {
  spill(scratch_ / "study.yaml", study("dtype: bfloat16"));
  const Outcome outcome = isoloss("run study.yaml --out out");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  if (outcome.err.find("bfloat16") != std::string::npos) {
    EXPECT_THAT(outcome.err, HasSubstr("run.dtype: bfloat16 is slower than float32"));
    EXPECT_THAT(outcome.err, HasSubstr("x as long, measured"));
  }
}

}  // namespace
}  // namespace isoloss::test
