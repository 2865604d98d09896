// `isoloss eval` and `isoloss export` from outside: a model whose loss is known by hand, and bad
// usage.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/program.h"
#include "tests/cli/run/uniform_llama.h"

namespace isoloss {
namespace {

using test::Outcome;
using test::spill;
using test::TemporaryFolder;
using test::write_uniform_llama;

// ln 256 nats for each byte are eight bits.
TEST(Eval, AUniformModelOverBytesHasEightBitsPerByte) {
  const TemporaryFolder scratch;
  write_uniform_llama(scratch / "model");
  spill(scratch / "text.txt", "nineteen bytes here");
  const Outcome outcome =
      test::isoloss("eval --model hf:model --text text.txt --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["tokens"], 19);
  EXPECT_NEAR(json["loss"].get<double>(), 5.545177444479562, 1e-12);
  EXPECT_NEAR(json["bits_per_byte"].get<double>(), 8, 1e-12);
}

// As in study files.
TEST(Options, CountsMayBeWrittenWithAnExponent) {
  const TemporaryFolder scratch;
  const Outcome outcome =
      test::isoloss("data synth --tokens 1e5 --out language --json", scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("synthetic").at("tokens"), 100000);
  EXPECT_EQ(test::isoloss("data synth --tokens 2.5 --out other", scratch.path()).status, 2);
}

TEST(Eval, BadUsageIsRefusedWithWhatToDo) {
  const TemporaryFolder scratch;
  write_uniform_llama(scratch / "model");
  spill(scratch / "odd.bin", "12345");
  spill(scratch / "high.bin", std::string("\x00\x01\x00\x00", 4));
  const struct {
    const char* arguments;
    const char* problem;
  } cases[] = {
      {"eval --model model --text t", "give hf:FOLDER"},
      {"eval --model hf:model --text t --shots 3", "--shots is given without --data or --tasks"},
      {"eval --model hf:model --text t --task copying", "--task is given without --data"},
      {"eval --model hf:model --text t --out scores", "--out is given without --data"},
      {"eval --model hf:model --text t --seed -1", "--seed is -1 (below 0)"},
      {"sample '' --prompt a", "MODEL is missing ("},
      {"data prepare odd.bin --out ''", "--out is empty ("},
      {"sample hf:model --prompt a --seed -1", "--seed is -1 (below 0)"},
      {"data synth --out language --seed -1", "--seed is -1 (below 0)"},
      {"sample hf:model --prompt a --threads 99999", "--threads is 99999 (more than"},
      {"eval --model hf:model --text t --threads 99999", "give 1024 or fewer"},
      {"eval --model hf:model", "--text or --tokens is wanted"},
      {"eval --model hf:model --tokens odd.bin", "odd.bin has 5 bytes"},
      {"eval --model hf:model --tokens high.bin", "token 256 is outside the vocabulary of 256"},
      {"export somewhere --to safetensor", "did you mean 'safetensors'"},
      {"export somewhere --to hf", "somewhere is no run"},
  };
  for (const auto& [arguments, problem] : cases) {
    const Outcome outcome = test::isoloss(arguments, scratch.path());
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_NE(outcome.err.find(problem), std::string::npos) << arguments << ": " << outcome.err;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

}  // namespace
}  // namespace isoloss
