// What `isoloss export` writes and replaces, and what a bfloat16 study says, by the program as a
// user runs it.
#define XXH_INLINE_ALL
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A safetensors file by the format's own words: eight bytes of length, JSON, values.
struct Tensors {
  explicit Tensors(const std::filesystem::path& file) : bytes(slurp(file)) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    header = json::parse(bytes.substr(8, length));
    data = bytes.substr(8 + length);
  }
  std::string values(const std::string& name) const {
    const auto [first, last] = header.at(name).at("data_offsets").get<std::pair<int, int>>();
    return data.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
  }
  std::string bytes, data;
  json header;
};

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
  TemporaryFolder scratch_;
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

// A llama of one layer, width 16, hidden width 32 and 256 bytes: its tensors by isoloss' names,
// with the values that the folder for transformers has under theirs.
TEST_F(Trained, SafetensorsHoldEveryTensorByName) {
  spill(scratch_ / "study.yaml", study("threads: 1"));
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  const Outcome outcome = isoloss("export out --to safetensors");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("llama after 2 updates"));
  ASSERT_EQ(isoloss("export out --to hf --out model").status, 0);
  const std::string file = outcome.out.substr(0, outcome.out.find(':'));
  ASSERT_TRUE(file.ends_with(".safetensors")) << file;  // RUN-ID.safetensors
  const Tensors ours(scratch_ / file), theirs(scratch_ / "model/model.safetensors");

  const std::string layer = "layers.0.", hf = "model.layers.0.";
  const std::map<std::string, std::pair<std::string, std::vector<int>>> expected = {
      {"embedding", {"model.embed_tokens.weight", {256, 16}}},
      {"output", {"lm_head.weight", {256, 16}}},
      {"final_norm.scale", {"model.norm.weight", {16}}},
      {layer + "attention.norm.scale", {hf + "input_layernorm.weight", {16}}},
      {layer + "attention.query", {hf + "self_attn.q_proj.weight", {16, 16}}},
      {layer + "attention.key", {hf + "self_attn.k_proj.weight", {16, 16}}},
      {layer + "attention.value", {hf + "self_attn.v_proj.weight", {16, 16}}},
      {layer + "attention.output", {hf + "self_attn.o_proj.weight", {16, 16}}},
      {layer + "feed_forward.norm.scale", {hf + "post_attention_layernorm.weight", {16}}},
      {layer + "feed_forward.gate", {hf + "mlp.gate_proj.weight", {32, 16}}},
      {layer + "feed_forward.in", {hf + "mlp.up_proj.weight", {32, 16}}},
      {layer + "feed_forward.out", {hf + "mlp.down_proj.weight", {16, 32}}},
  };
  EXPECT_EQ(ours.header.size(), expected.size() + 1);  // and __metadata__
  for (const auto& [name, other] : expected) {
    ASSERT_TRUE(ours.header.contains(name)) << name;
    EXPECT_EQ(ours.header[name].at("dtype"), "F32") << name;
    EXPECT_EQ(ours.header[name].at("shape"), json(other.second)) << name;
    EXPECT_EQ(ours.values(name), theirs.values(other.first)) << name;
  }
  // 2 x 256 x 16, 4 x 16 x 16, 3 x 32 x 16 and 3 x 16 numbers of four bytes.
  EXPECT_EQ(ours.data.size(), 4 * (2 * 256 * 16 + 4 * 16 * 16 + 3 * 32 * 16 + 3 * 16));
  EXPECT_EQ(ours.header["__metadata__"].at("step"), "2");
  EXPECT_EQ(ours.header["__metadata__"].at("tokenizer"), "bytes");
  EXPECT_EQ(ours.header["__metadata__"].at("run").get<std::string>() + ".safetensors", file);
}

// As another version of isoloss might have written it: the list of tensors says one row less, and
// the checksum at the end is right.
TEST_F(Trained, ACheckpointThatDoesNotFitNamesTheTensorAndBothShapes) {
  spill(scratch_ / "study.yaml", study("threads: 1"));
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  std::filesystem::path checkpoint;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_ / "out/runs"))
    if (entry.path().filename().string().starts_with("checkpoint-")) checkpoint = entry.path();
  std::string bytes = slurp(checkpoint);
  const std::string listed = R"(["embedding",[256,16])", misfit = R"(["embedding",[255,16])";
  ASSERT_NE(bytes.find(listed), std::string::npos);
  bytes.replace(bytes.find(listed), listed.size(), misfit);
  const std::uint64_t sum = XXH3_64bits(bytes.data(), bytes.size() - 8);
  bytes.replace(bytes.size() - 8, 8, reinterpret_cast<const char*>(&sum), 8);
  spill(checkpoint, bytes);
  for (const char* form : {"safetensors", "hf"}) {
    const Outcome refused = isoloss(std::string("export out --out model --to ") + form);
    EXPECT_EQ(refused.status, 2) << form;
    EXPECT_THAT(refused.err, HasSubstr(checkpoint.filename().string() +
                                       " does not fit (tensor "
                                       "embedding: expected shape [256, 16], found [255, 16]); "))
        << form;
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "model")) << form;
  }
}

TEST_F(Trained, AFolderThatDoesNotFitItsConfigNamesTheTensorAndBothShapes) {
  spill(scratch_ / "study.yaml", study("threads: 1"));
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  ASSERT_EQ(isoloss("export out --to hf --out model").status, 0);
  json config = json::parse(slurp(scratch_ / "model/config.json"));
  config["intermediate_size"] = 36;
  spill(scratch_ / "model/config.json", config.dump());
  const Outcome refused = isoloss("eval --model hf:model --text text.txt");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("model.layers.0.mlp.gate_proj.weight in "));
  EXPECT_THAT(refused.err, HasSubstr("expected shape [36, 16], found [32, 16]"));
}

TEST_F(Trained, ARunAndItsExportWriteTheSameText) {
  spill(scratch_ / "study.yaml", study("threads: 1"));
  ASSERT_EQ(isoloss("run study.yaml --out out").status, 0);
  const Outcome exported = isoloss("export out --to hf --out model --json");
  ASSERT_EQ(exported.status, 0) << exported.err;
  EXPECT_EQ(json::parse(exported.out).at("path"), "model");
  const std::string options = " --prompt abc --tokens 12 --temperature 0.8 --top-k 5 --seed 3";
  const Outcome run = isoloss("sample out" + options);
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(run.out.starts_with("abc"));
  EXPECT_EQ(run.out.size(), 3 + 12 + 1u);
  EXPECT_EQ(isoloss("sample hf:model" + options).out, run.out);
  EXPECT_NE(isoloss("sample out --prompt abc --tokens 12 --seed 4").out, run.out);
  const json object = json::parse(isoloss("sample out --json" + options).out);
  EXPECT_TRUE(object.at("text").get<std::string>().starts_with("abc"));  // the rest is bytes
  EXPECT_EQ(object.at("written"), 12);
  const Outcome cut = isoloss("sample out --prompt " + std::string(40, 'a') + " --tokens 12");
  EXPECT_EQ(cut.status, 0);
  EXPECT_THAT(cut.err, HasSubstr("the prompt's first 21 tokens are left out (the model reads 32)"));
  // Twice the sequence, by default too, and it begins as what fits.
  const Outcome all = isoloss("sample out --prompt abc --seed 3");
  EXPECT_EQ(all.out.size(), 3 + 64 + 1u) << all.err;
  EXPECT_EQ(isoloss("sample out --prompt abc --seed 3 --tokens 20").out,
            all.out.substr(0, 23) + "\n");
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
      {"sample nowhere --prompt a --tokens 0", "--tokens is 0"},
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

// oneDNN kept from the processor's bfloat16 instructions, as it is on one that has none: its
// products then take some ten times as long as float32's, which are not oneDNN's.
TEST_F(Trained, ABFloat16StudyIsWarnedOfWhereFloat32WouldBeFaster) {
#ifndef __x86_64__
  GTEST_SKIP() << "oneDNN can be kept from instructions on x86-64 alone";
#endif
  spill(scratch_ / "study.yaml", study("dtype: bfloat16"));
  ASSERT_EQ(setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1), 0);
  const Outcome slow = isoloss("run study.yaml --out out");
  unsetenv("ONEDNN_MAX_CPU_ISA");
  ASSERT_EQ(slow.status, 0) << slow.err;  // a warning, no refusal
  EXPECT_EQ(slow.out, "");
  std::smatch ratio;
  ASSERT_TRUE(std::regex_search(
      slow.err, ratio,
      std::regex("isoloss: run\\.dtype: bfloat16 is slower than float32 on this machine \\(the "
                 "products of the largest run take ([0-9]+\\.[0-9][0-9])x as long, measured\\); "
                 "write float32 to train faster\n")))
      << slow.err;
  EXPECT_GT(std::stod(ratio[1]), 1);
  EXPECT_EQ(ratio.suffix().str().find("bfloat16"), std::string::npos) << "said twice";
}

TEST_F(Trained, AFloat32StudyIsNotWarned) {
  spill(scratch_ / "study.yaml", study("dtype: float32"));
  ASSERT_EQ(setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1), 0);
  const Outcome outcome = isoloss("run study.yaml --out out");
  unsetenv("ONEDNN_MAX_CPU_ISA");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err.find("bfloat16"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace isoloss::test
