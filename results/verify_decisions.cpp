#include "results/verify_decisions.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "results/durable_file.h"
#include "results/set_aside.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

// Another layout of ranks trains the same run to 1e-5 of its loss (docs/reliability.md).
constexpr double kLossTolerance = 1e-4;

// What is decided: two decisions of one search must name one winner.
using Question = std::tuple<std::string, std::string, bool, double, bool, std::vector<std::string>>;

Question question_of(const Decision& decision) {
  std::vector<std::string> arms;
  for (const DecisionArm& arm : decision.arms) arms.push_back(arm.run);
  return {decision.architecture,     decision.size,  decision.every_size, decision.budget,
          decision.this_budget_only, std::move(arms)};
}

void check_winner(const Decision& decision, std::vector<std::string>& problems) {
  const bool none_won = std::ranges::all_of(decision.arms, &DecisionArm::diverged);
  if (decision.winner.empty() && none_won) return;
  const auto winner = std::ranges::find(decision.arms, decision.winner, &DecisionArm::run);
  if (winner == decision.arms.end()) {
    problems.push_back("names a winner that was not searched (run '" + decision.winner + "')");
    return;
  }
  if (winner->diverged)
    problems.push_back("names a winner that diverged (run " + decision.winner + ")");
  if (winner->learning_rate != decision.learning_rate)
    problems.push_back("names another learning rate than its winner's");
  for (const DecisionArm& arm : decision.arms)
    if (!arm.diverged && arm.selection_loss < winner->selection_loss)
      problems.push_back("names a winner that did not win (run " + arm.run + " has a lower loss)");
}

void check_arm(const DecisionArm& arm, const std::map<std::string, RunSummary>& runs,
               std::vector<std::string>& problems) {
  const auto run = runs.find(arm.run);
  if (run != runs.end() && !run->second.known) return;
  if (run == runs.end() || !run->second.stored) {
    problems.push_back("rests on run " + arm.run + " (it is not in this folder)");
    return;
  }
  if (arm.diverged) {
    if (!run->second.diverged)
      problems.push_back("says that run " + arm.run + " diverged (the run does not)");
    return;
  }
  const bool known = std::ranges::any_of(run->second.selection_losses, [&](double loss) {
    return std::abs(loss - arm.selection_loss) <= kLossTolerance * std::abs(loss);
  });
  if (!known)
    problems.push_back("rests on a loss that run " + arm.run + " does not have (" +
                       std::to_string(arm.selection_loss) + ")");
}

}  // namespace

std::vector<Finding> decision_problems(const StudyFolder& folder,
                                       const std::map<std::string, RunSummary>& runs) {
  std::vector<Finding> findings;
  std::map<Question, Decision> decided;
  std::vector<fs::path> paths = files_in(folder.decisions());
  std::ranges::sort(paths);
  for (const fs::path& path : paths) {
    if (path.extension() != ".json" || is_temporary(path) || is_set_aside(path)) continue;
    std::vector<std::string> problems;
    Severity severity = Severity::Damage;
    try {
      const Decision decision = decision_from_json(read_file(path), path);
      if (path != folder.decision(decision.key))
        problems.push_back("holds the decision '" + decision.key + "' (its name says otherwise)");
      check_winner(decision, problems);
      for (const DecisionArm& arm : decision.arms) check_arm(arm, runs, problems);
      const auto [earlier, first] = decided.try_emplace(question_of(decision), decision);
      if (!first && earlier->second.winner != decision.winner)
        problems.push_back("contradicts " + folder.decision(earlier->second.key).string() +
                           " (one search, two winners)");
      for (std::string& problem : problems) problem += "; remove it and run again";
    } catch (...) {
      const ReadProblem problem = read_problem(path);
      if (problem.unread) severity = Severity::Unread;
      problems = {problem.text};
    }
    for (const std::string& problem : problems) findings.push_back({path, problem, severity});
  }
  return findings;
}

}  // namespace isoloss
