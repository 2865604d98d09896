#include "harness/oneshot/task_card.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/oneshot/built_in_card_texts.h"
#include "harness/oneshot/card_keys.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/durable_file.h"

namespace isoloss {

std::vector<std::filesystem::path> card_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (failed)
    throw InputError(folder.string() + ": cannot read the task cards (" + failed.message() +
                     "); give a folder of .yaml cards");
  if (files.empty())
    throw InputError(folder.string() +
                     ": no task card (no file ends in .yaml); see docs/scoring.md for one");
  std::sort(files.begin(), files.end());
  return files;
}

TaskCard read_card(const std::filesystem::path& file) {
  return parse_card(read_file(file), file.string(), file.stem().string(), "own");
}

std::vector<TaskCard> cards_in(const std::filesystem::path& folder) {
  std::vector<TaskCard> cards;
  for (const std::filesystem::path& file : card_files(folder)) cards.push_back(read_card(file));
  return cards;
}

std::vector<TaskCard> built_in_cards(const std::string& profile) {
  std::vector<TaskCard> cards;
  std::vector<std::string> profiles;
  for (const BuiltInCardText& card : built_in_card_texts()) {
    if (std::find(profiles.begin(), profiles.end(), card.profile) == profiles.end())
      profiles.emplace_back(card.profile);
    if (card.profile != profile) continue;
    const std::string task(card.task);
    cards.push_back(parse_card(std::string(card.text),
                               fmt::format("cards/{}/{}.yaml", profile, task), task, profile));
  }
  if (cards.empty())
    throw InputError("unknown profile '" + profile + "' (no cards of that name)" +
                     suggestion(profile, profiles));
  std::sort(cards.begin(), cards.end(),
            [](const TaskCard& a, const TaskCard& b) { return a.task < b.task; });
  return cards;
}

}  // namespace isoloss
