// Out as a folder and back in: the same model, for every architecture and every switch.
#include "harness/models/hf_folder.h"

#include <gtest/gtest.h>

#include <string>

#include "harness/files/safetensors.h"
#include "harness/training/text_loss.h"
#include "model/spec/error.h"
#include "results/durable_file.h"
#include "tests/harness/tiny_study.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

using tiny_study::Place;

// Weights that hide no mix-up: nothing is one, zero or twice the same.
TrainedModel trained(const ModelSpec& spec) {
  const LanguageModel model(spec, 5);
  TrainedModel result{spec, {}, "0123456789abcdef", 7, "bytes", ""};
  result.weights.resize(static_cast<std::size_t>(model.table().buffer_size));
  for (std::size_t i = 0; i < result.weights.size(); ++i)
    result.weights[i] = static_cast<float>(0.3 * std::sin(1 + 0.91 * static_cast<double>(i)));
  return result;
}

std::vector<double> logits(const LanguageModel& model) {
  return model.logits(formula_tokens(), model.spec().sequence);
}

std::vector<double> logits(const TrainedModel& trained) {
  LanguageModel model(trained.spec, 0);
  std::ranges::copy(trained.weights, model.weights32().begin());
  return logits(model);
}

class EveryModel : public testing::TestWithParam<NamedSpec> {};

TEST_P(EveryModel, ComesBackFromAFolderWithTheSameLogits) {
  const Place place;
  const TrainedModel model = trained(GetParam().spec);
  export_hf(place.root, model);
  const HfFolder folder(place.root);
  EXPECT_EQ(logits(folder.model()), logits(model));
  EXPECT_EQ(folder.first_id(), 0);
  EXPECT_EQ(folder.tokenizer()->encode("A"), std::vector<std::int32_t>{65});
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryModel, testing::ValuesIn(catalogue_specs()),
                         SpecTestName());
INSTANTIATE_TEST_SUITE_P(Switches, EveryModel, testing::ValuesIn(switch_specs()), SpecTestName());

TEST(HfFolder, DoubleWeightsAreRead) {
  const Place place;
  const TrainedModel model = trained(formula_spec("gpt2"));
  export_hf(place.root, model);
  LanguageModel exact = HfFolder(place.root).model({.precision = Precision::Float64});
  // The first tensor of the table is at the buffer's beginning.
  EXPECT_EQ(exact.weights64()[0], static_cast<double>(model.weights[0]));
}

TEST(HfFolder, AFileOfTensorsByNameHoldsEveryTensor) {
  const Place place;
  const TrainedModel model = trained(formula_spec("primer"));
  export_safetensors(place.root / "p.safetensors", model);
  const TensorFiles files(place.root / "p.safetensors");
  const ParameterTable table = parameter_table(model.spec);
  EXPECT_EQ(files.names().size(), table.parameters.size());
  for (const Parameter& p : table.parameters)
    EXPECT_EQ(files.read(p.name, p.shape).back(),
              model.weights[static_cast<std::size_t>(p.offset + p.size() - 1)])
        << p.name;
  EXPECT_EQ(files.metadata().at("step"), "7");
  EXPECT_EQ(files.metadata().at("tokenizer"), "bytes");
}

// GPT2Model's own file has names without `transformer.`, and masks besides.
TEST(HfFolder, ABareGpt2IsRead) {
  const Place place;
  const TrainedModel model = trained(formula_spec("gpt2"));
  export_hf(place.root, model);
  std::vector<TensorToWrite> renamed;
  const TensorFiles files(place.root);
  for (const std::string& name : files.names())
    renamed.push_back({name.substr(std::string("transformer.").size()), files.shape(name),
                       [&files, name](std::span<float> values) {
                         std::ranges::copy(files.read(name, files.shape(name)), values.begin());
                       }});
  renamed.push_back({"h.0.attn.bias", {1, 1}, [](std::span<float> values) { values[0] = 1; }});
  const auto bare = place.root / "bare";
  write_safetensors(bare / "model.safetensors", renamed, {});
  write_durably(bare / "config.json", read_file(place.root / "config.json"));
  EXPECT_EQ(logits(HfFolder(bare).model()), logits(model));
}

TEST(HfFolder, WeightsOfAnotherModelAreRefusedByTensorAndShape) {
  const Place place;
  ModelSpec spec = formula_spec("llama");
  export_hf(place.root / "a", trained(spec));
  spec.d_ff_gated += 4;
  export_hf(place.root / "b", trained(spec));
  write_durably(place.root / "a" / "config.json", read_file(place.root / "b" / "config.json"));
  try {
    HfFolder(place.root / "a").model();
    FAIL() << "read";
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("model.layers.0.mlp."), std::string::npos) << text;
    EXPECT_NE(text.find("expected shape [20, 12], found [16, 12]"), std::string::npos) << text;
  }
}

// What isoloss trained has read its first id before every row, whatever the class.
TEST(HfFolder, WhereTheFirstIdIsReadIsTheModelsOwnRule) {
  const Place place;
  const auto folder = [&](const char* text) {
    write_durably(place.root / "config.json", text);
    return HfFolder(place.root);
  };
  EXPECT_TRUE(folder(R"({"model_type":"gpt2","isoloss":{"tokenizer":"bytes"}})").first().always);
  const HfFolder gpt2 = folder(R"({"model_type":"gpt2","bos_token_id":7})");
  EXPECT_FALSE(gpt2.first().always);
  EXPECT_EQ(gpt2.first().id, 7);
  EXPECT_EQ(gpt2.tokenizer(), nullptr);
  EXPECT_FALSE(gpt2.tokenizer_identity());
  EXPECT_TRUE(folder(R"({"model_type":"llama"})").first().always);
  write_durably(place.root / "tokenizer_config.json", R"({"add_bos_token":false})");
  EXPECT_FALSE(folder(R"({"model_type":"llama"})").first().always);
}

// As transformers 5.24 loads them, whatever add_bos_token of tokenizer_config.json and the class
// that it names say: tests/reference/harness_parity.py asks it.
TEST(HfFolder, ATokenizersPostProcessorSaysWhatStandsBeforeATextWhereThereIsOne) {
  const Place place;
  const std::string begins =
      R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},)"
      R"({"Sequence":{"id":"A","type_id":0}}],"pair":[],)"
      R"("special_tokens":{"<s>":{"id":"<s>","ids":[3],"tokens":["<s>"]}}})";
  const std::string plain =
      R"({"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}}],)"
      R"("pair":[],"special_tokens":{}})";
  const std::string bytes = R"({"type":"ByteLevel","add_prefix_space":true})";
  const auto first = [&](const std::string& kind, const std::string& processor) {
    write_durably(place.root / "config.json",
                  R"({"bos_token_id":1,"model_type":")" + kind + R"("})");
    write_durably(place.root / "tokenizer.json", R"({"post_processor":)" + processor + "}");
    return HfFolder(place.root).first();
  };
  for (const char* config : {"{}", R"({"add_bos_token":true})", R"({"add_bos_token":false})"}) {
    write_durably(place.root / "tokenizer_config.json", config);
    for (const char* kind : {"llama", "gpt2"}) {
      for (const std::string& none : {std::string("null"), plain, bytes,
                                      R"({"type":"Sequence","processors":[)" + bytes + "]}"}) {
        EXPECT_FALSE(first(kind, none).always) << kind << config << none;
        EXPECT_EQ(first(kind, none).id, 1);
      }
      for (const std::string& one :
           {begins, R"({"type":"Sequence","processors":[)" + bytes + "," + begins + "]}"}) {
        EXPECT_TRUE(first(kind, one).always) << kind << config << one;
        EXPECT_EQ(first(kind, one).id, 3);
      }
    }
  }
  EXPECT_THROW(first("llama", R"({"type":"TemplateProcessing"})"), InputError);
}

// token_losses is the training path's own; the last row has nine tokens.
TEST(TextLoss, IsTheMeanOverRowsAndTheRest) {
  const LanguageModel model(formula_spec("primer-ez"), 3);
  std::vector<std::int32_t> tokens = formula_tokens();
  const std::vector<float> rows = model.token_losses(tokens, 37);
  tokens.insert(tokens.end(), {4, 8, 15, 16, 23, 28, 1, 2, 3});
  const std::vector<float> rest = model.token_losses(std::span(tokens).last(9), 9);
  double sum = 0;
  for (const float loss : rows) sum += static_cast<double>(loss);
  for (const float loss : rest) sum += static_cast<double>(loss);
  const TextLoss result = text_loss(model, tokens, 37, 0);
  EXPECT_EQ(result.tokens, 83);
  EXPECT_NEAR(result.loss, sum / 83, 1e-6);
  // Rows of 37: the standard error of two numbers is half of their difference.
  double first = 0, second = 0;
  for (std::size_t i = 0; i < 37; ++i) {
    first += static_cast<double>(rows[i]) / 37;
    second += static_cast<double>(rows[37 + i]) / 37;
  }
  EXPECT_NEAR(result.standard_error.value(), std::abs(first - second) / 2, 1e-6);
}

TEST(TextLoss, TheFirstIdIsWhatTheModelReadsFirst) {
  const LanguageModel model(formula_spec("gpt2"), 3);
  const std::int32_t token[] = {11};
  const std::int32_t input[] = {17};
  const std::vector<double> logits = model.logits(input, 1);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit);
  EXPECT_NEAR(text_loss(model, token, 1, 17).loss, std::log(sum) - logits[11], 1e-6);
}

}  // namespace
}  // namespace isoloss
