#include "analysis/report/report_fitted_laws.h"

#include <fmt/format.h>

#include <algorithm>

namespace isoloss {
namespace {

// The first comparison in FLOPs that fitted a law along the architecture's frontier.
bool set_of_comparison(const StudyResults& study, FittedLaw& law) {
  const std::string& name = study.architectures[law.place];
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings || comparison.wall_clock) continue;
    const Savings& savings = *comparison.savings;
    const auto& fit = savings.baseline == name ? savings.baseline_fit : savings.candidate_fit;
    if ((savings.baseline != name && savings.candidate != name) || !fit) continue;
    law.kind = FittedLaw::OfComparison;
    law.fit = &*fit;
    law.comparison = &savings;
    return true;
  }
  return false;
}

}  // namespace

std::vector<FittedLaw> fitted_laws(const StudyResults& study) {
  std::vector<FittedLaw> out;
  for (std::size_t i = 0; i < study.architectures.size(); ++i) {
    FittedLaw law;
    law.place = i;
    if (study.laws[i].fit) {
      law.fit = &*study.laws[i].fit;
      out.push_back(law);
      continue;
    }
    law.why_not_points = study.laws[i].refusal;
    if (i < study.frontiers.size() && study.frontiers[i].law) {
      law.kind = FittedLaw::AlongFrontier;
      law.fit = &*study.frontiers[i].law;
      out.push_back(law);
    } else if (set_of_comparison(study, law)) {
      out.push_back(law);
    }
  }
  return out;
}

std::string form_of(const FittedLaw& law) {
  if (law.kind == FittedLaw::OfPoints) {
    return "E + A N^-alpha + B D^-beta (Hoffmann et al. 2022, equation 2, approach 3)";
  }
  return fmt::format("E + a C^-b of {}",
                     law.fit->frontier == FrontierKind::Points
                         ? std::string("every point")
                         : fmt::format("the {} frontier's points", name_of(law.fit->frontier)));
}

std::string said_once(const StudyResults& study,
                      const std::vector<std::pair<std::size_t, std::string>>& said) {
  std::vector<std::pair<std::string, std::string>> merged;  // words, architectures
  for (const auto& [place, words] : said) {
    const std::string& name = study.architectures[place];
    const auto at = std::find_if(merged.begin(), merged.end(),
                                 [&](const auto& known) { return known.first == words; });
    if (at == merged.end()) {
      merged.emplace_back(words, name);
    } else {
      at->second += ", " + name;
    }
  }
  if (merged.size() == 1) return merged.front().first;
  std::string out;
  for (const auto& [words, who] : merged) out += (out.empty() ? "" : ". ") + who + ": " + words;
  return out;
}

}  // namespace isoloss
