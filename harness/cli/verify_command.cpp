// `isoloss verify`: checks every file of a study folder.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "results/verify.h"

namespace isoloss {

int verify_command(Arguments arguments) {
  CommandLine line(
      "isoloss verify DIR [--json]",
      "Checks a study folder's run files, journals, decisions and attempts: checksums, "
      "contradictions, leftovers, foreign files. Checkpoints and prepared tokens are "
      "checked when they are read. Exit status 1 where results are damaged.",
      "isoloss verify results/runs/quickstart");
  line.add()("json", "one JSON object on standard output");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  const std::vector<Finding> findings = verify_study({line.get<std::string>("DIR")});
  const bool damaged = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::Damage;
  });
  if (line.has("json")) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Finding& finding : findings)
      list.push_back({{"path", finding.path.string()},
                      {"severity", severity_name(finding.severity)},
                      {"problem", finding.problem}});
    fmt::print("{}\n", nlohmann::ordered_json{{"damaged", damaged}, {"findings", list}}.dump());
  } else {
    for (const Finding& finding : findings)
      fmt::print("{}: {}: {}\n", severity_name(finding.severity), finding.path.string(),
                 finding.problem);
    if (findings.empty()) fmt::print("every run file, journal, decision and attempt is whole\n");
  }
  return damaged ? 1 : 0;
}

}  // namespace isoloss
