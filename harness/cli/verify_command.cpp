// `isoloss verify`: checks every file of a study folder.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/cli/study_file_finding.h"
#include "results/verify.h"

namespace isoloss {

int verify_command(Arguments arguments) {
  CommandLine line(
      "isoloss verify DIR [--json]",
      "Checks every file of a study folder: run files, journals, checkpoints, claims, attempts, "
      "decisions and prepared tokens: checksums, missing steps, contradictions, leftovers, foreign "
      "files. Exit status 1 where something is damaged or cannot be read; `isoloss repair DIR` "
      "mends what can be "
      "mended.",
      "isoloss verify results/runs/quickstart");
  line.add()("json", "one JSON object on standard output");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  const StudyFolder folder{line.get<std::string>("DIR")};
  std::vector<Finding> findings = verify_study(folder);
  if (const auto finding = study_file_finding(folder)) findings.push_back(*finding);
  const bool damaged = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::Damage;
  });
  const bool whole = std::ranges::all_of(
      findings, [](const Finding& finding) { return is_harmless(finding.severity); });
  if (line.has("json")) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Finding& finding : findings)
      list.push_back({{"path", finding.path.string()},
                      {"severity", severity_name(finding.severity)},
                      {"problem", finding.problem}});
    print_json(nlohmann::ordered_json{{"damaged", damaged}, {"findings", list}});
  } else {
    for (const Finding& finding : findings)
      fmt::print("{}: {}: {}\n", severity_name(finding.severity), finding.path.string(),
                 finding.problem);
    if (findings.empty()) fmt::print("every file is whole\n");
  }
  return whole ? 0 : 1;
}

}  // namespace isoloss
