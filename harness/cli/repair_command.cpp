// `isoloss repair`: mends what can be mended in a study folder.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/cli/study_file_finding.h"
#include "results/repair.h"

namespace isoloss {
namespace {

nlohmann::ordered_json as_json(const Repair& repair, const std::string& folder, bool dry_run) {
  nlohmann::ordered_json actions = nlohmann::ordered_json::array();
  for (const RepairAction& action : repair.actions)
    actions.push_back({{"path", action.path.string()},
                       {"action", repair_name(action.kind)},
                       {"problem", action.problem},
                       {"effect", action.effect}});
  nlohmann::ordered_json left = nlohmann::ordered_json::array();
  for (const Finding& finding : repair.left)
    left.push_back({{"path", finding.path.string()},
                    {"severity", severity_name(finding.severity)},
                    {"problem", finding.problem}});
  return {{"folder", folder}, {"dry_run", dry_run}, {"repairs", actions}, {"left", left}};
}

void print(const Repair& repair, bool dry_run) {
  for (const RepairAction& action : repair.actions)
    fmt::print("{}{}: {} ({}); {}\n", dry_run ? "would " : "", repair_name(action.kind),
               action.path.string(), action.problem, action.effect);
  for (const Finding& finding : repair.left)
    fmt::print("cannot mend: {}: {}: {}\n", severity_name(finding.severity), finding.path.string(),
               finding.problem);
  if (repair.actions.empty() && repair.left.empty()) fmt::print("nothing to mend\n");
}

}  // namespace

int repair_command(Arguments arguments) {
  CommandLine line(
      "isoloss repair DIR [--dry-run] [--json]",
      "Mends a study folder without inventing a number: cuts torn journals, rebuilds a damaged run "
      "file from a journal that holds all of it, sets other damaged files aside as FILE.damaged so "
      "that `run` trains or decides them again, and removes what dead processes left. Refuses "
      "while "
      "somebody trains the folder (a claim of another machine is watched for half a minute). Exit "
      "status 1 where something stays damaged or could not be read; what could not be read, or is "
      "of "
      "another version of isoloss, is left as it is. Then `isoloss verify DIR` is clean, and "
      "`isoloss "
      "run` "
      "goes on.",
      "isoloss repair results/runs/quickstart --dry-run");
  line.add()("dry-run", "say what would be done, change nothing")(
      "json", "one JSON object on standard output");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  const std::string folder = line.get<std::string>("DIR");
  const bool dry_run = line.has("dry-run");
  Repair repair = repair_study({folder}, dry_run);
  if (const auto finding = study_file_finding({folder})) repair.left.push_back(*finding);
  if (line.has("json"))
    print_json(as_json(repair, folder, dry_run));
  else
    print(repair, dry_run);
  return std::ranges::any_of(repair.left,
                             [](const Finding& finding) { return !is_harmless(finding.severity); })
             ? 1
             : 0;
}

}  // namespace isoloss
