#include "harness/oneshot/study_card.h"

#include <fmt/format.h>

#include "results/file_seal.h"
#include "results/task_scores.h"

namespace isoloss {

TaskCard study_card(const std::string& task, double chance) {
  const bool writes = task == "last-word";
  TaskCard card;
  card.task = task;
  card.profile = kStudyProfile;
  card.digest = fmt::format("{:016x}", checksum(fmt::format("study task 1 {} {}", task,
                                                            writes ? "greedy" : "right sum")));
  card.chance = chance;
  card.metrics = {
      {"accuracy", writes ? Measure::Greedy : Measure::Right, Ranking::Sum, AnswerRule::Squad}};
  return card;
}

}  // namespace isoloss
