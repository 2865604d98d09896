// What a study's numbers leave out, and the flags of its comparisons.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/html.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_card_items.h"

namespace isoloss {

std::string list_html(const std::vector<std::string>& lines) {
  std::string out = "<ul>\n";
  for (const std::string& line : lines) out += "<li>" + html_escape(line) + "</li>\n";
  return out + "</ul>\n";
}

std::vector<std::string> left_out_lines(const StudyResults& study) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    if (!study.frontiers[i].frontier) {
      out.push_back(study.architectures[i] + ": no frontier (" + study.frontiers[i].refusal + ")");
      continue;
    }
    for (const FrontierPoint& point : study.frontiers[i].frontier->points) {
      if (point.used) continue;
      out.push_back(fmt::format("{}: budget {} is left out of savings ({})", study.architectures[i],
                                significant(point.budget, 4), point.why_not));
    }
  }
  std::set<std::string> arms;
  for (const Decision& decision : study.all.decisions) {
    for (const DecisionArm& arm : decision.arms) {
      if (arm.run != decision.winner) arms.insert(arm.run);
    }
  }
  for (std::string& line : failure_lines(study.all, study.failed)) out.push_back(std::move(line));
  if (!arms.empty()) {
    out.push_back(count_text(arms.size(), "learning rate run") +
                  " lost the search, or checked its outcome, and count in no frontier");
  }
  return out;
}

std::string flags_html(const StudyResults& study) {
  std::vector<std::pair<std::string, std::vector<std::string>>> raised;
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings) continue;
    const std::string who = fmt::format("{} / {}{}", comparison.candidate, comparison.baseline,
                                        comparison.wall_clock ? " in seconds" : "");
    for (const std::string& flag : comparison.savings->flags) {
      const auto at = std::find_if(raised.begin(), raised.end(),
                                   [&](const auto& known) { return known.first == flag; });
      if (at == raised.end()) {
        raised.push_back({flag, {who}});
      } else {
        at->second.push_back(who);
      }
    }
  }
  std::vector<std::string> lines;
  for (const auto& [flag, who] : raised) {
    std::string names;
    for (const std::string& name : who) names += (names.empty() ? "" : ", ") + name;
    lines.push_back(fmt::format(
        "{} ({})", flag, who.size() == study.comparisons.size() ? "every comparison" : names));
  }
  return lines.empty() ? "" : "<dt>Flags</dt><dd>" + list_html(lines) + "</dd>\n";
}

}  // namespace isoloss
