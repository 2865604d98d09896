// `isoloss catalogue` as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tests/cli/program.h"

namespace isoloss::test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

json entries(const std::string& arguments) {
  const TemporaryFolder scratch;
  const Outcome outcome = isoloss("catalogue --json " + arguments, scratch.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return json::parse(outcome.out).at("architectures");
}

// Primer's sizes recomputed from the released T5 configuration, in millions to the last digit.
TEST(CatalogueCommand, JsonHoldsThePublishedParameterCounts) {
  const std::vector<std::pair<const char*, std::vector<std::pair<const char*, double>>>> published =
      {{"t5-small",
        {{"transformer", 35.353},
         {"transformer++", 35.338},
         {"primer", 35.371},
         {"primer-ez", 35.380}}},
       {"t5-medium",
        {{"transformer", 109.694},
         {"transformer++", 109.687},
         {"primer", 109.749},
         {"primer-ez", 109.777}}},
       {"t5-large",
        {{"transformer", 536.538},
         {"transformer++", 536.602},
         {"primer", 536.685},
         {"primer-ez", 536.759}}}};
  for (const auto& [size, counts] : published) {
    const json list = entries(std::string("--size ") + size);
    for (const auto& [architecture, millions] : counts)
      for (const json& entry : list) {
        if (entry.at("architecture") != architecture) continue;
        EXPECT_NEAR(entry.at("parameters").at("total").get<double>() / 1e6, millions, 5e-4)
            << architecture << size;
      }
  }
}

TEST(CatalogueCommand, JsonListsEveryArchitecture) {
  std::vector<std::string> names;
  for (const json& entry : entries("")) names.push_back(entry.at("architecture"));
  for (const char* name : {"transformer", "transformer-gelu", "transformer++", "primer",
                           "primer-ez", "primer-discovered", "gpt2", "llama"})
    EXPECT_THAT(names, Contains(name));
}

TEST(CatalogueCommand, JsonSaysSwitchesAndFlopsByConventionAndPart) {
  const json entry = entries("primer --size t5-medium").at(0);
  EXPECT_EQ(entry.at("switches").at("shared_qk"), "true");
  EXPECT_EQ(entry.at("fields").at("d_model"), "768");
  for (const char* convention :
       {"exact", "6N", "6N_non_embedding", "6N_plus_attention", "chinchilla"})
    EXPECT_GT(entry.at("flops_per_token").at(convention).get<double>(), 0) << convention;
  double sum = 0;
  for (const char* part : {"projection", "convolution", "attention", "feed_forward", "head"})
    sum += entry.at("exact_flops_per_token_by_part").at(part).get<double>();
  EXPECT_DOUBLE_EQ(sum, entry.at("flops_per_token").at("exact").get<double>());
}

// The search's own width (So et al. 2021, figure 25).
TEST(CatalogueCommand, ASizeHoldsWhatTheArchitectureChangesOfIt) {
  const json fields = entries("primer-discovered --size t5-small").at(0).at("fields");
  EXPECT_EQ(fields.at("d_model"), "384");
  EXPECT_EQ(fields.at("d_head"), "48");
}

TEST(CatalogueCommand, SwitchesNamesFieldsWithTheirDefaults) {
  const TemporaryFolder scratch;
  const Outcome text = isoloss("catalogue --switches", scratch.path());
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.out, HasSubstr("convolution_place      after_projection"));
  EXPECT_THAT(text.out, HasSubstr("(relative, learned, sinusoidal, rotary, none)"));
  const Outcome outcome = isoloss("catalogue --switches --json", scratch.path());
  const json printed = json::parse(outcome.out);
  ASSERT_FALSE(printed.at("switches").empty());
  for (const json& field : printed.at("switches")) {
    EXPECT_FALSE(field.at("meaning").get<std::string>().empty()) << field.at("field");
    if (field.at("field") == "shared_qk") {
      EXPECT_EQ(field.at("choices"), json({"false", "true", "per_head"}));
    }
  }
}

TEST(CatalogueCommand, UnknownNamesAreRefusedWithTheNearest) {
  const TemporaryFolder scratch;
  for (const auto& [arguments, nearest] :
       {std::pair("lama", "'llama'"), {"primer --size t5-smal", "'t5-small'"}}) {
    const Outcome outcome = isoloss(std::string("catalogue ") + arguments, scratch.path());
    EXPECT_EQ(outcome.status, 2);
    EXPECT_THAT(outcome.err, HasSubstr(nearest));
  }
}

}  // namespace
}  // namespace isoloss::test
