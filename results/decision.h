// What a learning-rate search decided: a file of its own in the study folder, written once.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace isoloss {

struct DecisionArm {
  std::string run;  // run id
  double learning_rate = 0;
  double selection_loss = 0;  // where it was decided; not meaningful where diverged
  bool diverged = false;
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
};

}  // namespace isoloss
