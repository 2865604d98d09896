// What each run of a study folder is to the learning-rate searches: a result, or a run that one of
// them left behind. A study whose list of rates changed, or that was joined of folders with two
// lists, has decided one question several times; one of the answers counts.
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analysis/points/asked_search.h"
#include "results/decision.h"
#include "results/run_record.h"

namespace isoloss {

// Roles of a point (points.h).
inline constexpr const char* kResultRole = "result";
inline constexpr const char* kArmRole = "arm";                // lost its search
inline constexpr const char* kCheckRole = "check";            // the runner-up, trained on
inline constexpr const char* kSupersededRole = "superseded";  // another decision's rate

class SearchRoles {
 public:
  // Decisions whose arms differ in their rates alone answer one question. Of those the one counts
  // that searched the rates of `asked`, else the one of most rates, of equals that whose winner has
  // the lower loss.
  SearchRoles(const std::vector<RunRecord>& runs, const std::vector<Decision>& decisions,
              const std::optional<AskedSearch>& asked);

  // In the order given.
  std::vector<Decision> counting() const;

  // Of the run's evaluation at `budget`: what the counting decisions say of it; superseded where
  // its rate is one that was searched for it and they chose another.
  std::string role_of(const RunHeader& run, double budget) const;

 private:
  // One that counts.
  struct Answer {
    std::size_t place = 0;  // among those given
    Decision decision;
    nlohmann::json spec;     // of its arms, rate, seed and length apart; null where no arm is there
    std::set<double> tried;  // by every decision of its question
  };

  bool speaks_of(const Answer& answer, const RunHeader& run, double budget) const;
  bool varies_alike(const nlohmann::json& a, const nlohmann::json& b) const;

  std::vector<Answer> answers_;
  std::set<std::string> axes_;  // fields of a model that the grid varies
};

}  // namespace isoloss
