#include "sweeps/study_evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/spec/nearest_name.h"
#include "sweeps/study_data.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostScorePoints = 100;

bool holds_cards(const fs::path& folder) {
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(folder, unreadable))
    if (entry.path().extension() == ".yaml") return true;
  return false;
}

void add_cards(const YamlView& item, const std::string& folder, EvaluationSpec& evaluation) {
  if (std::ranges::find(evaluation.card_folders, folder) != evaluation.card_folders.end())
    item.fail("'" + folder + "' is given twice (it would be scored once); remove one");
  if (!holds_cards(folder))
    item.fail("no task card in '" + folder +
              "' (no file of it ends in .yaml); write one as docs/scoring.md says");
  evaluation.card_folders.push_back(folder);
}

void add_task(const YamlView& item, const std::string& name, DataKind data,
              EvaluationSpec& evaluation) {
  if (std::ranges::find(evaluation.tasks, name) != evaluation.tasks.end())
    item.fail("'" + name + "' is given twice (it would be scored once); remove one");
  const bool of_symbols = name == kSymbolOrderTask;
  if (of_symbols && data == DataKind::Text)
    item.fail("'" + name + "' needs a synthetic language (this study's data are text); remove it");
  if (!of_symbols && data == DataKind::Synthetic)
    item.fail("'" + name + "' needs text (this study's data are synthetic); remove tasks");
  evaluation.tasks.push_back(name);
}

void read_tasks(const YamlView& tasks, Study& study) {
  EvaluationSpec& evaluation = study.base.evaluation;
  const DataKind data = study.base.data.kind;
  evaluation.tasks.clear();
  std::vector<std::string> known = text_task_names();
  known.emplace_back(kSymbolOrderTask);
  // An empty list is how a study says that it wants none.
  const std::vector<YamlView> items =
      tasks.is_empty_list() ? std::vector<YamlView>() : tasks.list();
  for (const YamlView& item : items) {
    const std::string name = item.text();
    if (std::ranges::find(known, name) != known.end()) {
      add_task(item, name, data, evaluation);
      continue;
    }
    const auto folder = found_folder(name, fs::path(item.file()).parent_path());
    if (!folder)
      item.fail("'" + name +
                "' is neither a known task nor a folder of task cards (looked up from the working "
                "folder and upwards from the folder of the study file)" +
                suggestion(name, known));
    if (data == DataKind::Synthetic)
      item.fail("'" + name +
                "' holds task cards, which need text (this study's data are synthetic); remove it");
    add_cards(item, folder->string(), evaluation);
  }
  // The order in the file changes no number.
  std::ranges::sort(evaluation.tasks, {},
                    [&](const std::string& name) { return std::ranges::find(known, name); });
}

// As `isoloss eval --data FILE --profile NAME --limit N` has them.
void read_public_tasks(const YamlMap& map, Study& study) {
  EvaluationSpec& evaluation = study.base.evaluation;
  const YamlView* data = map.find("task_data");
  const YamlView* profile = map.find("profile");
  const YamlView* limit = map.find("limit");
  if (data == nullptr) {
    if (const YamlView* given = profile != nullptr ? profile : limit)
      given->fail(
          "given without task_data (it says how its public tasks are asked); name their file in "
          "evaluate.task_data, or remove it");
    return;
  }
  const std::string name = data->text();
  if (study.base.data.kind == DataKind::Synthetic)
    data->fail("'" + name +
               "' holds public tasks, which need text (this study's data are synthetic); remove "
               "it");
  const std::vector<std::string> files = matching_files(name, fs::path(data->file()).parent_path());
  if (files.size() != 1)
    data->fail("no file '" + name +
               "' (looked up from the working folder and upwards from the folder of the study "
               "file); make it by `isoloss data prepare-tasks`, or remove it");
  evaluation.task_data = files[0];
  if (limit != nullptr) evaluation.limit = limit->positive_whole();
  if (profile == nullptr) return;
  static const std::vector<std::string> profiles = {"gpt3", "lmeval"};
  evaluation.profile = profile->text();
  if (std::ranges::find(profiles, evaluation.profile) == profiles.end())
    profile->fail("'" + evaluation.profile + "' is no profile (of the public tasks)" +
                  suggestion(evaluation.profile, profiles));
}

}  // namespace

void read_evaluate(const YamlView* section, Study& study) {
  EvaluationSpec& evaluation = study.base.evaluation;
  if (study.base.data.kind == DataKind::Text) evaluation.tasks = default_text_task_names();
  if (section == nullptr) return;
  static const std::vector<std::string> known = {"tokens",  "tasks", "task_data",
                                                 "profile", "limit", "score_points"};
  const YamlMap map = section->map(known);
  if (const YamlView* tokens = map.find("tokens")) {
    evaluation.tokens = tokens->positive_whole();
    study.lines["evaluate.tokens"] = tokens->line();
  }
  if (const YamlView* tasks = map.find("tasks")) read_tasks(*tasks, study);
  read_public_tasks(map, study);
  const YamlView* points = map.find("score_points");
  if (points == nullptr) return;
  evaluation.score_points = points->positive_whole();
  if (evaluation.score_points > kMostScorePoints)
    points->fail(fmt::format("{} (within the last tenth of a trial; at most {}); give 5",
                             evaluation.score_points, kMostScorePoints));
  if (!scores_anything(evaluation))
    points->fail(
        "given without tasks (they are what is scored so often); name some in evaluate.tasks, or "
        "remove it");
}

}  // namespace isoloss
