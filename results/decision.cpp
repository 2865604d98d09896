#include "results/decision.h"

#include "results/json_file.h"

namespace isoloss {

using nlohmann::json;

namespace {

constexpr const char* kFormat = "isoloss decision";
constexpr int kVersion = 2;

}  // namespace

std::string decision_to_json(const Decision& decision) {
  json arms = json::array();
  for (const DecisionArm& arm : decision.arms)
    arms.push_back({{"run", arm.run},
                    {"learning_rate", arm.learning_rate},
                    {"selection_loss", arm.selection_loss},
                    {"diverged", arm.diverged}});
  return sealed_json_text({{"format", kFormat},
                           {"version", kVersion},
                           {"key", decision.key},
                           {"architecture", decision.architecture},
                           {"size", decision.size},
                           {"every_size", decision.every_size},
                           {"budget", decision.budget},
                           {"this_budget_only", decision.this_budget_only},
                           {"arms", arms},
                           {"winner", decision.winner},
                           {"learning_rate", decision.learning_rate},
                           {"runner_up", decision.runner_up},
                           {"at_edge", decision.at_edge}});
}

Decision decision_from_json(std::string_view text, const std::filesystem::path& path) {
  const json object = parse_json_file(text, path, kFormat, kVersion);
  Decision decision;
  decision.key = json_value<std::string>(object, "key", path);
  decision.architecture = json_value<std::string>(object, "architecture", path);
  decision.size = json_value<std::string>(object, "size", path);
  decision.every_size = json_value<bool>(object, "every_size", path);
  decision.budget = json_real(object, "budget", path);
  decision.this_budget_only = json_value<bool>(object, "this_budget_only", path);
  for (const json& arm : json_value<json::array_t>(object, "arms", path))
    decision.arms.push_back(
        {json_value<std::string>(arm, "run", path), json_real(arm, "learning_rate", path),
         json_real(arm, "selection_loss", path), json_value<bool>(arm, "diverged", path)});
  decision.winner = json_value<std::string>(object, "winner", path);
  decision.learning_rate = json_real(object, "learning_rate", path);
  decision.runner_up = json_value<std::string>(object, "runner_up", path);
  decision.at_edge = json_value<bool>(object, "at_edge", path);
  return decision;
}

}  // namespace isoloss
