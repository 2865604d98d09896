// Which of the hidden layer's widths counts where a study and the catalogue give several.
#include "sweeps/model_layers.h"

#include <gtest/gtest.h>

#include <string>

#include "sweeps/grid.h"
#include "sweeps/plan.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

// The model of the grid's last architecture.
ModelSpec last_model(Lines lines) {
  lines.try_emplace(3, "model: {sequence: 64}");
  return expand_grid(study_of(lines)).back().spec.model;
}

std::int64_t width(const std::string& architecture, const std::string& size,
                   const std::string& model = "sequence: 64", const std::string& axis = "") {
  return feed_forward_width(last_model({{3, "model: {" + model + "}"},
                                        {6, "  architecture: [" + architecture + "]"},
                                        {7, "  size: [" + size + "]"},
                                        {10, axis.empty() ? "" : "  " + axis}}));
}

// Twelve times t5-small's 512 channels, where the size gives a d_ff of 2048.
TEST(ModelLayers, ARatioOfAnEntryBeatsTheSizesWidth) {
  EXPECT_EQ(width("transformer, {name: 12x, base: transformer, d_ff_ratio: 12}", "t5-small"),
            12 * 512);
  EXPECT_EQ(width("transformer", "t5-small"), 2048);
}

TEST(ModelLayers, TwoNamesAreTwoModels) {
  const Study study = study_of(
      {{3, "model: {sequence: 16}"},
       {4, "optimizer: {warmup_steps: 10, batch_tokens: 64}"},
       {6, "  architecture: [transformer, {name: 12x, base: transformer, d_ff_ratio: 12}]"},
       {7, "  size: [t5-small]"}});
  EXPECT_NE(run_id(expand_grid(study)[0].spec), run_id(expand_grid(study)[1].spec));
}

// Two thirds of 4096 and of 6144 to the nearest multiple of four; t5-small's own is 1364.
TEST(ModelLayers, AWidthOfAnEntryIsThatOfAGateToo) {
  EXPECT_EQ(width("{name: wide, base: transformer++, d_ff: 4096}", "t5-small"), 2732);
  EXPECT_EQ(width("{name: wide, base: transformer++, d_ff_ratio: 12}", "t5-small"), 4096);
  EXPECT_EQ(width("{name: own, base: transformer++, d_ff_gated: 96}", "t5-small"), 96);
  EXPECT_EQ(width("transformer++", "t5-small"), 1364);
}

TEST(ModelLayers, AnAxisIsStrongest) {
  EXPECT_EQ(width("transformer", "t5-small", "sequence: 64", "d_ff_ratio: [2, 3]"), 3 * 512);
}

TEST(ModelLayers, WidthsOfOnePlaceStandBesideEachOther) {
  const std::string size = "{name: s, d_model: 16, d_head: 8, d_ff: 60, d_ff_gated: 44}";
  EXPECT_EQ(width("transformer++, transformer", size), 60);
  EXPECT_EQ(width("transformer, transformer++", size), 44);
}

// The architecture that the search found has a ratio of 12 of its own, at sizes of one's own too.
TEST(ModelLayers, ARatioOfTheCatalogueIsADefault) {
  const std::string size = "{name: s, d_model: 48}";
  EXPECT_EQ(width("primer-discovered", size, "d_head: 16, sequence: 16"), 12 * 48);
  EXPECT_EQ(width("primer-discovered", size, "d_head: 16, sequence: 16, d_ff: 100"), 100);
}

// What does not count stays: a run is named by it. Those of t5-small are 2048 and 1364.
TEST(ModelLayers, RunsKeepTheirIdentity) {
  const ModelSpec plain =
      resolved(last_model({{6, "  architecture: [{name: wide, base: transformer, d_ff: 4096}]"},
                           {7, "  size: [t5-small]"}}));
  EXPECT_EQ(plain.d_ff, 4096);
  EXPECT_EQ(plain.d_ff_gated, 1364);
  const ModelSpec gated =
      resolved(last_model({{6, "  architecture: [{name: own, base: llama, d_ff_gated: 96}]"},
                           {7, "  size: [t5-small]"}}));
  EXPECT_EQ(gated.d_ff, 2048);
  EXPECT_EQ(gated.d_ff_gated, 96);
}

}  // namespace
}  // namespace isoloss
