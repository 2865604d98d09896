#include "analysis/points/search_roles.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace isoloss {
namespace {

using nlohmann::json;

// A run's spec without what a search or its trials vary: rate, seed and length. Null where the text
// is none.
json searched_spec(const RunHeader& run) {
  json spec = json::parse(run.spec_json, nullptr, false);
  if (!spec.is_object() || !spec.contains("optimizer") || !spec.contains("model")) return nullptr;
  spec.erase("seed");
  spec["optimizer"].erase("learning_rate");
  spec["optimizer"].erase("horizon");
  return spec;
}

// Of the first arm that the folder holds.
json spec_of_arms(const Decision& decision, const std::map<std::string, const RunHeader*>& runs) {
  for (const DecisionArm& arm : decision.arms)
    if (const auto run = runs.find(arm.run); run != runs.end()) return searched_spec(*run->second);
  return nullptr;
}

std::vector<double> rates_of(const Decision& decision) {
  std::vector<double> rates;
  for (const DecisionArm& arm : decision.arms) rates.push_back(arm.learning_rate);
  std::ranges::sort(rates);
  return rates;
}

double winning_loss(const Decision& decision) {
  const auto winner = std::ranges::find(decision.arms, decision.winner, &DecisionArm::run);
  return winner == decision.arms.end() || winner->diverged ? std::numeric_limits<double>::infinity()
                                                           : winner->selection_loss;
}

// Greater for the one that counts; equal rates are one decision.
std::tuple<bool, std::size_t, double> weight(const Decision& decision,
                                             const std::optional<AskedSearch>& asked) {
  return {asked && rates_of(decision) == asked->rates, decision.arms.size(),
          -winning_loss(decision)};
}

json field(const json& spec, const std::string& name) {
  const json& model = spec.at("model");
  const auto found = model.find(name);
  return found == model.end() ? json() : *found;
}

// What a run is to a decision that may have trained it; empty for none.
std::string own_role(const Decision& decision, const std::string& run) {
  if (run == decision.runner_up) return kCheckRole;
  if (run == decision.winner) return "";
  const bool arm = std::ranges::find(decision.arms, run, &DecisionArm::run) != decision.arms.end();
  return arm ? kArmRole : "";
}

}  // namespace

SearchRoles::SearchRoles(const std::vector<RunRecord>& runs, const std::vector<Decision>& decisions,
                         const std::optional<AskedSearch>& asked) {
  std::map<std::string, const RunHeader*> known;
  for (const RunRecord& run : runs) known.emplace(run.header.id, &run.header);
  // Architecture, size, every size, budget, that budget alone, spec; the key where there is none.
  using Question = std::tuple<std::string, std::string, bool, double, bool, std::string>;
  std::map<Question, std::size_t> questions;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const Decision& decision = decisions[i];
    json spec = spec_of_arms(decision, known);
    const auto [question, fresh] = questions.try_emplace(
        {decision.architecture, decision.size, decision.every_size, decision.budget,
         decision.this_budget_only, spec.is_null() ? decision.key : spec.dump()},
        answers_.size());
    if (fresh) answers_.push_back({i, decision, std::move(spec), {}});
    Answer& answer = answers_[question->second];
    for (const DecisionArm& arm : decision.arms) answer.tried.insert(arm.learning_rate);
    if (weight(decision, asked) > weight(answer.decision, asked)) {
      answer.place = i;
      answer.decision = decision;
    }
  }
  std::ranges::sort(answers_, {}, &Answer::place);
  if (asked) axes_.insert(asked->axes.begin(), asked->axes.end());
  // Without a study file: what differs between questions about models of one name.
  for (const Answer& a : answers_)
    for (const Answer& b : answers_) {
      if (asked || a.spec.is_null() || b.spec.is_null()) continue;
      if (a.decision.architecture != b.decision.architecture || a.decision.size != b.decision.size)
        continue;
      for (const auto& [name, value] : a.spec.at("model").items())
        if (field(b.spec, name) != value) axes_.insert(name);
    }
}

std::vector<Decision> SearchRoles::counting() const {
  std::vector<Decision> counting;
  for (const Answer& answer : answers_) counting.push_back(answer.decision);
  return counting;
}

// Whether models of two sizes have the same values of the grid's axes; no size varies an optimizer.
bool SearchRoles::varies_alike(const json& a, const json& b) const {
  return a.at("optimizer") == b.at("optimizer") &&
         std::ranges::all_of(
             axes_, [&](const std::string& name) { return field(a, name) == field(b, name); });
}

bool SearchRoles::speaks_of(const Answer& answer, const RunHeader& run, double budget) const {
  const Decision& decision = answer.decision;
  if (decision.architecture != run.architecture) return false;
  if (!decision.every_size && decision.size != run.size) return false;
  if (decision.this_budget_only && decision.budget != budget) return false;
  const json spec = searched_spec(run);
  if (spec.is_null() || answer.spec.is_null()) return false;
  return decision.size == run.size ? spec == answer.spec : varies_alike(spec, answer.spec);
}

std::string SearchRoles::role_of(const RunHeader& run, double budget) const {
  std::string role = kResultRole;
  // A decision for one budget alone says nothing of the run's other evaluations.
  for (const Answer& answer : answers_) {
    if (answer.decision.this_budget_only && answer.decision.budget != budget) continue;
    const std::string own = own_role(answer.decision, run.id);
    if (own == kCheckRole) return own;
    if (!own.empty()) role = own;
  }
  if (role != kResultRole) return role;
  for (const Answer& answer : answers_)
    if (run.learning_rate != answer.decision.learning_rate &&
        answer.tried.contains(run.learning_rate) && speaks_of(answer, run, budget))
      return kSupersededRole;
  return role;
}

}  // namespace isoloss
