// What a learning-rate search decided: a file of its own in the study folder, written once. JSON
// (docs/format.md); a loss that is not finite is null there and NaN here.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

struct DecisionArm {
  std::string run;  // run id
  double learning_rate = 0;
  double selection_loss = 0;  // where it was decided; not meaningful where diverged
  bool diverged = false;

  bool operator==(const DecisionArm&) const = default;
};

struct Decision {
  std::string key;  // file name without .json: architecture, size and budget it holds for
  std::string architecture;
  std::string size;               // decided at this size
  bool every_size = false;        // holds for all sizes of the architecture
  double budget = 0;              // nominal budget where it was decided
  bool this_budget_only = false;  // a search without decide_at: one decision a budget
  std::vector<DecisionArm> arms;  // by learning rate, ascending
  std::string winner;             // run id
  double learning_rate = 0;       // the winner's
  std::string runner_up;          // run id, trained on as a check; empty where there is none
  bool at_edge = false;           // the winner is the lowest or highest rate searched

  bool operator==(const Decision&) const = default;
};

std::string decision_to_json(const Decision& decision);

// InputError naming `path` and the key where the text is damaged, foreign or of another version.
Decision decision_from_json(std::string_view text, const std::filesystem::path& path);

}  // namespace isoloss
