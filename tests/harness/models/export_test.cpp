// A trained run leaves its study: what is exported has the loss that the run stored.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "harness/data/token_file_dataset.h"
#include "harness/models/export_target.h"
#include "harness/models/hf_folder.h"
#include "harness/models/trained_run.h"
#include "harness/training/checkpoint.h"
#include "harness/training/text_loss.h"
#include "model/spec/error.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using tiny_study::Place;

void ignore(const std::string& problem) { ADD_FAILURE() << problem; }

std::string problem(const std::filesystem::path& run) {
  try {
    load_trained_run(run, [](const std::string&) {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

class TrainedRuns : public testing::Test {
 protected:
  // Two sizes, one budget of 20 updates.
  static void SetUpTestSuite() {
    place_ = new Place;
    const auto study = tiny_study::write_study(*place_, "[1280]", "[0.03]");
    ASSERT_EQ(tiny_study::run(study, folder()), 0);
  }
  static void TearDownTestSuite() {
    delete place_;
    place_ = nullptr;
  }
  static std::filesystem::path folder() { return place_->root / "out"; }
  static std::vector<std::string> ids() { return run_ids(StudyFolder{folder()}); }

  static Place* place_;
};

Place* TrainedRuns::place_ = nullptr;

TEST_F(TrainedRuns, AnExportedModelHasTheLossThatTheRunStored) {
  ASSERT_EQ(ids().size(), 2U);
  for (const std::string& id : ids()) {
    const TrainedModel trained = load_trained_run(folder() / id, ignore);
    EXPECT_EQ(trained.run, id);
    EXPECT_EQ(trained.step, 20);
    export_hf(place_->root / id, trained);
    const HfFolder exported(place_->root / id);
    const auto record = read_run(StudyFolder{folder()}, id);
    const auto rows = static_cast<std::int64_t>(record->evaluations.back().sequence_losses.size());
    std::filesystem::path tokens;
    for (const auto& entry : std::filesystem::directory_iterator(StudyFolder{folder()}.data()))
      if (entry.path().extension() == ".bin") tokens = entry.path();
    const auto dataset = token_file_dataset(TokenFile(tokens), 32, 1024, "tokens");
    ASSERT_EQ(dataset->held_out().report.sequences, rows);
    const TextLoss loss =
        text_loss(exported.model(), dataset->held_out().report.tokens, 32, exported.first_id());
    EXPECT_NEAR(loss.loss, record->evaluations.back().loss, 1e-6);
  }
}

TEST_F(TrainedRuns, ARunIsFoundByFolderOrByStudyAndId) {
  const std::string id = ids().front();
  EXPECT_EQ(load_trained_run(folder() / "runs" / id, ignore).run, id);
  EXPECT_EQ(load_trained_run((folder() / "runs" / id).string() + "/", ignore).run, id);
  EXPECT_EQ(load_trained_run(folder() / id, ignore).run, id);
}

TEST_F(TrainedRuns, AWrongRunIsRefusedWithTheNearest) {
  const std::string id = ids().front();
  const std::string wrong = id.substr(0, 14) + "zz";
  EXPECT_NE(problem(folder() / wrong).find("did you mean '" + id), std::string::npos)
      << problem(folder() / wrong);
  EXPECT_NE(problem(folder() / "runs" / wrong).find("did you mean '" + id), std::string::npos);
  EXPECT_NE(problem(folder()).find("a study of 2 runs"), std::string::npos) << problem(folder());
  EXPECT_NE(problem(place_->root / "nowhere").find("is no run"), std::string::npos);
}

std::string refusal(const std::filesystem::path& target, const std::string& run) {
  try {
    check_export_target(target, run);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST_F(TrainedRuns, AnExportReplacesAnEarlierOneOfItsRunAlone) {
  const TrainedModel trained = load_trained_run(folder() / ids().front(), ignore);
  const auto target = place_->root / "target";
  EXPECT_EQ(refusal(target, trained.run), "");
  std::filesystem::create_directories(target);
  EXPECT_EQ(refusal(target, trained.run), "") << "empty";
  export_hf(target, trained);
  EXPECT_EQ(refusal(target, trained.run), "");
  EXPECT_NE(refusal(target, ids().back()).find("an export of run " + trained.run),
            std::string::npos);
  // Cut short before its config was written.
  std::filesystem::remove(target / "config.json");
  EXPECT_EQ(exported_run(target), trained.run);
  export_safetensors(place_->root / "file", trained);
  EXPECT_EQ(refusal(place_->root / "file", trained.run), "");
  EXPECT_NE(refusal(place_->root / "file", ids().back()), "");
  // The study itself is no export: nothing of it is overwritten.
  EXPECT_NE(refusal(folder(), trained.run).find("is no export of this run"), std::string::npos)
      << refusal(folder(), trained.run);
}

// Tensors of another version of the same run: named, with both shapes.
TEST_F(TrainedRuns, ACheckpointThatDoesNotFitIsRefusedByTensor) {
  const std::string id = ids().back();
  const auto copy = place_->root / "misfit";
  std::filesystem::create_directories(copy);
  std::filesystem::copy(folder(), copy, std::filesystem::copy_options::recursive);
  const TrainedModel trained = load_trained_run(copy / id, ignore);
  ModelSpec narrower = trained.spec;
  narrower.vocabulary -= 1;
  const ParameterTable table = parameter_table(narrower);
  {
    CheckpointWriter writer(checkpoint_path(StudyFolder{copy}.run(id), 21), {id, 21, 0, 4},
                            {table, table});
    const std::vector<float> zeros(static_cast<std::size_t>(table.buffer_size));
    for (int twice = 0; twice < 2; ++twice)
      for (std::size_t i = 0; i < table.parameters.size(); ++i)
        writer.add(std::as_bytes(std::span(zeros)));
    writer.commit();
  }
  EXPECT_NE(problem(copy / id).find("tensor embedding: expected shape [256, "), std::string::npos)
      << problem(copy / id);
  EXPECT_NE(problem(copy / id).find("found [255, "), std::string::npos) << problem(copy / id);
}

TEST_F(TrainedRuns, ARunWithoutACheckpointSaysSo) {
  const std::string id = ids().back();
  const auto copy = place_->root / "copy";
  std::filesystem::create_directories(copy);
  std::filesystem::copy(folder(), copy, std::filesystem::copy_options::recursive);
  remove_checkpoints(StudyFolder{copy}.run(id));
  EXPECT_NE(problem(copy / id).find("has no checkpoint"), std::string::npos) << problem(copy / id);
}

}  // namespace
}  // namespace isoloss
