// Identity: what changes a run's numbers changes its id, and nothing else does.
#include "sweeps/run_spec.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "model/spec/catalogue.h"
#include "model/spec/spec_fields.h"
#include "sweeps/grid.h"
#include "sweeps/optimizer_fields.h"
#include "sweeps/plan.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

TEST(RunSpec, IdIsSixteenHexadecimalDigits) {
  const std::string id = run_id(RunSpec{});
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(RunSpec, CanonicalTextIsOneLineOfJson) {
  const std::string text = canonical_json(RunSpec{});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(text);
  EXPECT_EQ(json["model"]["d_model"], 512);
  EXPECT_EQ(json["model"]["gated"], false);
  EXPECT_EQ(json["optimizer"]["learning_rate"], 0.01);
  EXPECT_EQ(json["optimizer"]["schedule"], "rsqrt");
}

TEST(RunSpec, PathsAreNoPartOfTheIdentity) {
  RunSpec here;
  here.data.files = {"/here/a.txt"};
  here.data.tokenizer.model_file = "/here/x.model";
  here.data.content_hash = "h";
  RunSpec there = here;
  there.data.files = {"/there/b.txt"};
  there.data.tokenizer.model_file = "/there/y.model";
  EXPECT_EQ(run_id(here), run_id(there));
}

TEST(RunSpec, DefaultsSpelledOutAreTheSameRun) {
  RunSpec defaults;
  RunSpec spelled;
  spelled.model.heads = 8;          // 512 / 64
  spelled.model.d_ff = 2048;        // 4 x 512
  spelled.model.d_ff_gated = 1364;  // (2 x 2048 + 6) / 12 x 4
  EXPECT_EQ(run_id(defaults), run_id(spelled));
}

// Runs made before the switches existed stay the same runs: the text that release wrote.
TEST(RunSpec, SwitchesAtTheirDefaultsAreNotNamed) {
  RunSpec spec;
  spec.model.d_model = 32;
  spec.model.d_head = 16;
  const std::string text = canonical_json(spec);
  EXPECT_EQ(text.substr(0, text.find(",\"optimizer\"")),
            R"({"model":{"architecture":"transformer","size":"custom","activation":"relu",)"
            R"("gated":false,"norm":"layer","norm_placement":"pre","convolution_width":0,)"
            R"("shared_qk":false,"layers":6,"d_model":32,"d_head":16,"heads":2,"d_ff":128,)"
            R"("d_ff_gated":84,"sequence":512,"vocabulary":32128,"relative_buckets":32,)"
            R"("relative_max_distance":128,"norm_epsilon":1e-06})");
}

TEST(RunSpec, TheSameSwitchesWrittenOtherwiseAreTheSameRun) {
  RunSpec by_ratio;
  by_ratio.model.d_ff_ratio = 12;
  by_ratio.model.kv_heads = 8;  // all of them
  RunSpec by_width;
  by_width.model.d_ff = 12 * 512;
  EXPECT_EQ(run_id(by_ratio), run_id(by_width));
}

// Queries that are made of keys have no filter of their own: with q and without it are one model.
TEST(RunSpec, AFilterThatIsNotThereMakesNoOtherRun) {
  const auto id_of = [](const char* architecture, const char* on, SharedQk shared) {
    RunSpec run;
    run.model = with_architecture(run.model, architecture);
    run.model.architecture = architecture;
    run.model.shared_qk = shared;
    run.model.convolution_on = on;
    return run_id(run);
  };
  EXPECT_EQ(id_of("primer", "kv", SharedQk::Full), id_of("primer", "qkv", SharedQk::Full));
  EXPECT_EQ(id_of("primer", "k", SharedQk::PerHead), id_of("primer", "qk", SharedQk::PerHead));
  EXPECT_NE(id_of("primer", "k", SharedQk::Full), id_of("primer", "kv", SharedQk::Full));
  EXPECT_NE(id_of("primer", "kv", SharedQk::No), id_of("primer", "qkv", SharedQk::No));
  RunSpec none, queries;
  none.model.shared_qk = queries.model.shared_qk = SharedQk::Full;
  queries.model.convolution_width = 3;
  queries.model.convolution_on = "q";
  EXPECT_EQ(run_id(queries), run_id(none));
}

// Each spelling that the catalogue has is the one that older runs were hashed with.
TEST(RunSpec, TheCatalogueSpellsItsFiltersAsItDid) {
  for (const auto& [architecture, named] :
       {std::pair("primer", false), std::pair("primer-discovered", true)}) {
    RunSpec run;
    run.model = with_architecture(run.model, architecture);
    const bool found = canonical_json(run).find("\"convolution_on\":\"kv\"") != std::string::npos;
    EXPECT_EQ(found, named) << architecture;
  }
}

TEST(RunSpec, EveryFieldOfTheModelChangesTheIdentity) {
  RunSpec base;  // with a convolution and rotary positions, so that every switch means something
  base.model.convolution_width = 5;
  base.model.positions = Positions::Rotary;
  const std::string before = run_id(base);
  for (const SpecField& field : spec_fields()) {
    RunSpec changed = base;
    bool set = false;
    // The first of these that the field takes and that is not its default.
    for (const char* value : {"true", "false", "rms", "primer", "gelu", "3", "before_projection",
                              "run_time", "kv", "none", "gpt2"}) {
      try {
        field.set(changed.model, value);
      } catch (const InputError&) {
        continue;
      }
      set = field.get(changed.model) != field.get(base.model);
      if (set) break;
    }
    ASSERT_TRUE(set) << field.name;
    EXPECT_NE(run_id(changed), before) << field.name;
  }
}

TEST(RunSpec, EveryFieldOfTheOptimizerChangesTheIdentity) {
  // Of wsd, to which every field of a schedule means something.
  RunSpec wsd;
  wsd.optimizer.schedule = ScheduleKind::Wsd;
  const std::string before = run_id(wsd);
  for (const OptimizerField& field : optimizer_fields()) {
    RunSpec changed = wsd;
    bool set = false;
    for (const char* value : {"adamw", "constant", "sqrt", "0.125", "7"}) {
      try {
        field.set(changed.optimizer, value);
        set = true;
        break;
      } catch (const InputError&) {
      }
    }
    ASSERT_TRUE(set) << field.name;
    EXPECT_NE(run_id(changed), before) << field.name;
  }
}

TEST(RunSpec, TheHorizonChangesTheIdentityWhereTheScheduleKnowsIt) {
  RunSpec run;
  run.optimizer.horizon = 100;
  EXPECT_EQ(run_id(run), run_id(RunSpec{}));
  for (const ScheduleKind kind : {ScheduleKind::Cosine, ScheduleKind::Wsd}) {
    run.optimizer.schedule = kind;
    RunSpec longer = run;
    longer.optimizer.horizon = 200;
    EXPECT_NE(run_id(run), run_id(longer));
  }
}

// Ids of runs that were made before these fields existed: their canonical text names none of them.
TEST(RunSpec, FieldsThatCameLaterAreLeftOutAtTheirDefaults) {
  const std::string text = canonical_json(RunSpec{});
  for (const char* name : {"warmup\"", "final_ratio", "decay_share", "cooldown", "horizon",
                           "accumulate", "recompute", "parallel", "checkpoint"})
    EXPECT_EQ(text.find(name), std::string::npos) << name;
}

// A run that the first version trained (the quickstart's transformer++ 32x4 at rate 0.05): its
// folder's name.
TEST(RunSpec, ARunOfTheFirstVersionKeepsItsId) {
  RunSpec run;
  run.model = with_architecture(run.model, "transformer++");
  run.model.size = "32x4";
  run.model.layers = 4;
  run.model.d_model = 32;
  run.model.d_head = 16;
  run.model.sequence = 128;
  run.model.vocabulary = 256;
  run.optimizer.learning_rate = 0.05;
  run.optimizer.warmup_steps = 200;
  run.optimizer.batch_tokens = 1024;
  run.data.content_hash = "2e927d31ad55f5e3";
  run.evaluation.tasks = {"last-word", "continuation"};
  EXPECT_EQ(run_id(run), "083a7a6bba477b1e") << canonical_json(run);
}

TEST(RunSpec, DefaultsOfAScheduleSpelledOutAreTheSameRun) {
  RunSpec defaults;
  defaults.optimizer.schedule = ScheduleKind::Cosine;
  RunSpec spelled = defaults;
  spelled.optimizer.warmup = WarmupKind::Linear;
  spelled.optimizer.final_ratio = 0.1;
  EXPECT_EQ(run_id(defaults), run_id(spelled));
  // And what means nothing to a schedule is no part of its runs.
  spelled.optimizer.decay_share = 0.5;
  EXPECT_EQ(run_id(defaults), run_id(spelled));
}

// The trunk is a run of the constant schedule: one for all horizons, shares and shapes.
TEST(RunSpec, BranchesOfEveryShapeShareATrunk) {
  RunSpec branch;
  branch.optimizer.schedule = ScheduleKind::Wsd;
  branch.optimizer.horizon = 100;
  RunSpec other = branch;
  other.optimizer.horizon = 50;
  other.optimizer.decay_share = 0.1;
  other.optimizer.cooldown = CooldownKind::Sqrt;
  other.optimizer.final_ratio = 0.2;
  RunSpec constant;
  constant.optimizer.schedule = ScheduleKind::Constant;
  constant.optimizer.warmup = WarmupKind::Linear;
  branch.optimizer = trunk_of(branch.optimizer);
  other.optimizer = trunk_of(other.optimizer);
  EXPECT_EQ(run_id(branch), run_id(other));
  EXPECT_EQ(run_id(branch), run_id(constant));
}

TEST(RunSpec, HowItIsTrainedIsNoPartOfTheIdentity) {
  RunSpec other;
  other.recompute = true;
  other.tensor_parallel = 2;
  other.data_parallel = 4;
  other.checkpoint_seconds = 1;
  EXPECT_EQ(run_id(other), run_id(RunSpec{}));
}

TEST(RunSpec, EveryOtherFieldChangesTheIdentity) {
  const std::vector<std::function<void(RunSpec&)>> changes = {
      [](RunSpec& s) { s.data.kind = DataKind::Tokens; },
      [](RunSpec& s) { s.data.kind = DataKind::Synthetic; },
      [](RunSpec& s) { s.data.tokenizer.kind = TokenizerKind::Unigram; },
      [](RunSpec& s) { s.data.tokenizer.kind = TokenizerKind::Model; },
      [](RunSpec& s) { s.data.tokenizer.vocabulary += 1; },
      [](RunSpec& s) { s.data.validation = 0.06; },
      [](RunSpec& s) { s.data.content_hash = "other"; },
      [](RunSpec& s) { s.data.synthetic.symbols += 1; },
      [](RunSpec& s) { s.data.synthetic.topics += 1; },
      [](RunSpec& s) { s.data.synthetic.stay = 0.5; },
      [](RunSpec& s) { s.data.synthetic.zipf = 1.0; },
      [](RunSpec& s) { s.data.synthetic.mix_bigram = 0.3; },
      [](RunSpec& s) { s.data.synthetic.mix_trigram = 0.3; },
      [](RunSpec& s) { s.data.synthetic.concentration = 0.3; },
      [](RunSpec& s) { s.data.synthetic.bigram_concentration = 0.4; },
      [](RunSpec& s) { s.data.synthetic.tokens += 1; },
      [](RunSpec& s) { s.data.synthetic.seed += 1; },
      [](RunSpec& s) { s.evaluation.tokens += 1; },
      [](RunSpec& s) { s.evaluation.tasks = {"last-word"}; },
      [](RunSpec& s) { s.seed = 1; },
      [](RunSpec& s) { s.dtype = "float64"; },
      [](RunSpec& s) { s.dtype = "bfloat16"; },
      [](RunSpec& s) { s.threads = 2; },
      [](RunSpec& s) { s.accumulate = 2; },
  };
  std::set<std::string> ids = {run_id(RunSpec{})};
  for (const auto& change : changes) {
    RunSpec changed;
    change(changed);
    ids.insert(run_id(changed));
  }
  EXPECT_EQ(ids.size(), changes.size() + 1);
}

TEST(RunSpec, SameStudyElsewhereAndOnAnotherDeviceHasTheSameRuns) {
  const auto first_id = [](const std::string& run) {
    const TemporaryFolder folder;
    folder.write("text/a.txt", "the same text");
    return make_plan(read_study(folder.write(
                         "study.yaml", small_study({{2, "data: {text: text/a.txt}"}, {10, run}}))))
        .runs.at(0)
        .id;
  };
  EXPECT_EQ(first_id("run: {device: auto}"), first_id("run: {device: cpu, time_limit: 1h}"));
}

TEST(RunSpec, OneStepCostsExactFlopsOfItsTokens) {
  // transformer, 1 layer, d 16, 2 heads of 8, hidden 64, T 16, V 32; multiply-adds a token:
  // Q K V output 4 x 16 x 16, logits and values 2 x 16 x 16, feed-forward 2 x 16 x 64, head 16
  // x 32.
  const RunSpec spec = expand_grid(study_of({})).at(0).spec;
  EXPECT_EQ(flops_per_step(spec), 6.0 * (1024 + 512 + 2048 + 512) * 64);
}

}  // namespace
}  // namespace isoloss
