#include "analysis/report/report_headline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <set>
#include <utility>

#include "analysis/plot/html.h"
#include "analysis/plot/html_style.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_growth.h"

namespace isoloss {
namespace {

bool excludes_one(const Interval& interval) { return interval.first > 1 || interval.second < 1; }

// "1.46× [1.39, 1.52] in training time", or why there is nothing to say.
std::string time_text(const Comparison& comparison, bool from_csv) {
  if (!comparison.savings || comparison.savings->at.empty()) {
    return from_csv ? "Training time is not compared."
                    : fmt::format("In training time: no savings ({}).", comparison.refusal);
  }
  const SavingsAt& at = middle_loss(*comparison.savings);
  if (!at.interval) {
    return fmt::format("In training time it reads {}×, without an interval.", factor(at.savings));
  }
  return fmt::format("In training time, as these runs measured it: {}× {}{}.", factor(at.savings),
                     interval_text(*at.interval),
                     excludes_one(*at.interval) ? "" : ", no difference resolved");
}

Verdict verdict_of(const StudyResults& study, const Comparison& comparison,
                   const Comparison& in_time) {
  Verdict verdict;
  verdict.style = style_of(study, comparison.candidate);
  const std::string against =
      fmt::format("{} ({} baseline)", comparison.baseline,
                  comparison.baseline == study.baseline ? "named" : "best other");
  const std::string& candidate = comparison.candidate;
  if (!comparison.savings || comparison.savings->at.empty()) {
    verdict.refused = true;
    verdict.claim = fmt::format("{} against {}: no savings can be given", candidate, against);
    verdict.detail =
        comparison.refusal.empty() ? "There is no loss that both reach." : comparison.refusal;
    return verdict;
  }
  const Savings& savings = *comparison.savings;
  const SavingsAt& at = middle_loss(savings);
  const std::string place = fmt::format("at loss {}", fixed(at.loss, 3));
  if (!at.interval) {
    verdict.claim = fmt::format("{} against {}: {}× in training FLOPs {}, without an interval",
                                candidate, against, factor(at.savings), place);
    verdict.detail = savings.seed_noise.measured
                         ? "No interval could be given, so nothing is claimed."
                         : "Seed noise not measured: no interval, so nothing is claimed.";
  } else if (!excludes_one(*at.interval)) {
    verdict.claim = fmt::format("{} against {}: no saving resolved", candidate, against);
    verdict.detail =
        fmt::format("{}× in training FLOPs {}, 95 % interval {}: it holds 1, no difference.",
                    factor(at.savings), place, interval_text(*at.interval));
  } else if (at.savings > 1) {
    verdict.claim = fmt::format("{} saves {}× in training FLOPs against {}", candidate,
                                factor(at.savings), against);
    verdict.detail = fmt::format("95 % interval {} {}.", interval_text(*at.interval), place);
  } else {
    verdict.claim = fmt::format("{} needs {}× the training FLOPs of {}", candidate,
                                factor(1 / at.savings), against);
    verdict.detail = fmt::format("A saving of {}×, 95 % interval {} {}: it loses.",
                                 factor(at.savings), interval_text(*at.interval), place);
  }
  verdict.detail += fmt::format("{} {} {}.", at.extrapolated ? " The loss is extrapolated." : "",
                                time_text(in_time, study.from_csv()), growth_text(savings));
  return verdict;
}

Verdict floor_verdict(const StudyResults& study, std::size_t place) {
  Verdict verdict;
  const std::string& architecture = study.architectures[place];
  const ArchitectureFrontier& own = study.frontiers[place];
  verdict.style = static_cast<int>(place) + 1;
  if (!own.law) {
    verdict.claim = fmt::format("{}: no law fitted", architecture);
    verdict.detail = own.refusal;
    return verdict;
  }
  const double floor = own.law->parameter("E");
  std::string interval = "no interval (seed noise not measured)";
  bool covers = false, has_interval = false;
  for (const auto& [name, range] : own.law->intervals) {
    if (name != "E") continue;
    has_interval = true;
    interval = fmt::format("95 % interval [{}, {}]", fixed(range.first, 4), fixed(range.second, 4));
    covers = study.all.floor && range.first <= *study.all.floor && *study.all.floor <= range.second;
  }
  verdict.claim = fmt::format("{}: fitted floor {} nats per token", architecture, fixed(floor, 4));
  verdict.detail = interval;
  if (study.all.floor) {
    verdict.claim += fmt::format(", exact floor {}", fixed(*study.all.floor, 4));
    verdict.detail +=
        fmt::format("; {:+.2f} % from the exact floor{}", 100 * (floor / *study.all.floor - 1),
                    !has_interval ? ""
                    : covers      ? ", which the interval covers"
                                  : ", which the interval does not cover");
  }
  verdict.detail += fmt::format(". Power law along the {} frontier, {} points.",
                                name_of(own.law->frontier), own.law->n);
  std::string flags;
  for (const std::string& flag : own.law->flags) flags += (flags.empty() ? "" : "; ") + flag;
  if (!flags.empty()) verdict.detail += " Flags: " + flags + ".";
  return verdict;
}

// "A, alpha": what flags say the points do not determine.
std::vector<std::string> not_determined(const Fit& fit) {
  std::vector<std::string> names;
  for (const auto& [name, value] : fit.parameters) {
    if (fit.has_flag(name + "_undetermined") || fit.has_flag(name + "_unidentified")) {
      names.push_back(name);
    }
  }
  return names;
}

// "E 1.817, alpha 0.347 [0.317, 0.373], ..." of the law that the plots draw.
Verdict law_verdict(const StudyResults& study, std::size_t place) {
  const ArchitectureLaw& fitted = study.laws[place];
  const ChinchillaLaw& law = fitted.law;
  Verdict verdict;
  verdict.style = static_cast<int>(place) + 1;
  const std::vector<std::string> open = not_determined(*fitted.fit);
  const std::string formula =
      fmt::format("loss = {} + {} N^-{} + {} D^-{}", fixed(law.E, 4), significant(law.A, 4),
                  fixed(law.alpha, 4), significant(law.B, 4), fixed(law.beta, 4));
  verdict.claim = fmt::format("{}: {}", study.architectures[place], formula);
  if (!open.empty()) {
    verdict.claim = fmt::format("{}: these points do not determine {} of a chinchilla law",
                                study.architectures[place], fmt::join(open, ", "));
    verdict.detail = "Of many laws that fit them alike one is drawn: " + formula + ". ";
  }
  const std::size_t before = verdict.detail.size();
  for (const auto& [name, range] : fitted.fit->intervals) {
    if (name != "E" && name != "alpha" && name != "beta") continue;
    verdict.detail +=
        fmt::format("{}{} [{}, {}]", verdict.detail.size() == before ? "95 % intervals: " : ", ",
                    name, fixed(range.first, 3), fixed(range.second, 3));
  }
  if (verdict.detail.size() > before) verdict.detail += ". ";
  if (open.empty()) {
    verdict.detail +=
        fmt::format("Best size grows as C^{}. ", fixed(law.beta / (law.alpha + law.beta), 3));
  }
  verdict.detail +=
      fmt::format("{} points; objective {}.", fitted.fit->n, significant(fitted.fit->value, 6));
  std::string flags;
  for (const std::string& flag : fitted.fit->flags) flags += (flags.empty() ? "" : "; ") + flag;
  if (!flags.empty()) verdict.detail += " Flags: " + flags + ".";
  return verdict;
}

}  // namespace

std::vector<Verdict> verdicts(const StudyResults& study) {
  std::vector<Verdict> out;
  for (std::size_t i = 0; i + 1 < study.comparisons.size(); i += 2) {
    out.push_back(verdict_of(study, study.comparisons[i], study.comparisons[i + 1]));
  }
  if (study.from_csv()) {
    for (std::size_t i = 0; i < study.architectures.size(); ++i) {
      if (study.laws[i].fit) out.push_back(law_verdict(study, i));
    }
    if (!out.empty()) return out;
  }
  if (study.all.floor || study.architectures.size() == 1) {
    for (std::size_t i = 0; i < study.architectures.size(); ++i) {
      out.push_back(floor_verdict(study, i));
    }
  }
  return out;
}

namespace {

std::string list_html(const std::vector<Verdict>& verdicts) {
  std::string out = "<ul class=\"verdicts\">\n";
  for (const Verdict& verdict : verdicts) {
    out += fmt::format("<li class=\"ink-{}\"><span><b>{}</b><br>{}</span></li>\n",
                       (verdict.style - 1) % kInks + 1, html_escape(verdict.claim),
                       html_escape(verdict.detail));
  }
  return out + "</ul>\n";
}

// Several refusals are folded: their reasons are long, and what was found comes first.
std::string verdicts_html(const StudyResults& study) {
  std::vector<Verdict> found, refused;
  for (Verdict& verdict : verdicts(study)) {
    (verdict.refused ? refused : found).push_back(std::move(verdict));
  }
  std::string out = found.empty() ? "" : list_html(found);
  if (refused.size() < 2) return out + (refused.empty() ? "" : list_html(refused));
  return out + fmt::format(
                   "<details><summary>No savings can be given for {} of {} comparisons: "
                   "why</summary>\n{}</details>\n",
                   refused.size(), refused.size() + found.size(), list_html(refused));
}

// The kinds that comparisons took, each with the reason of the first.
std::string frontiers_text(const StudyResults& study) {
  std::string out;
  std::set<FrontierKind> said;
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings || !said.insert(comparison.savings->frontier).second) continue;
    const std::string& reason = comparison.savings->baseline_frontier.reason;
    out += fmt::format("{}{}{}", out.empty() ? " Frontiers: " : "; ",
                       name_of(comparison.savings->frontier),
                       reason.empty() ? "" : " (" + reason + ")");
  }
  return out.empty() ? out : out + ".";
}

}  // namespace

std::string headline_html(const StudyResults& study) {
  const bool compares = !study.comparisons.empty();
  std::string out =
      fmt::format("<h1>{}: {}</h1>\n", html_escape(study.name.empty() ? "study" : study.name),
                  compares          ? "compute saved at equal loss"
                  : study.all.floor ? "the fitted floor against the exact one"
                                    : "loss against compute");
  out += verdicts_html(study);
  for (const std::string& note : study.notes) {
    out += fmt::format("<p class=\"note\">{}</p>\n", html_escape(note));
  }
  if (compares) {
    out += fmt::format(
        "<p class=\"note\">Saved means: compute the baseline needs divided by compute the "
        "candidate needs to reach the same held-out loss, each on its own compute-optimal "
        "frontier.{} 2.00 is half the compute. The named baseline is the one asked for; the best "
        "baseline is the architecture of this study, the candidate left out, that reaches these "
        "losses cheapest.</p>\n",
        html_escape(frontiers_text(study)));
  }
  return out;
}

}  // namespace isoloss
