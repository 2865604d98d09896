#include "analysis/report_headline.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/html.h"
#include "analysis/html_style.h"
#include "analysis/report_number.h"

namespace isoloss {
namespace {

// The loss in the middle of those that savings are given at: neither end of the overlap.
const SavingsAt& middle(const Savings& savings) { return savings.at[savings.at.size() / 2]; }

bool excludes_one(const Interval& interval) { return interval.first > 1 || interval.second < 1; }

std::string growth_text(const Savings& savings) {
  if (!savings.growth_resolved || !savings.law || !savings.law->per_decade_interval) {
    return "growth with compute not resolved";
  }
  return fmt::format("the factor changes by {} {} per decade of baseline compute",
                     factor(savings.law->per_decade),
                     interval_text(*savings.law->per_decade_interval));
}

Verdict verdict_of(const Study& study, const Comparison& comparison) {
  Verdict verdict;
  verdict.style = style_of(study, comparison.candidate);
  const bool named = comparison.baseline == study.baseline;
  const std::string against =
      fmt::format("{} ({} baseline)", comparison.baseline, named ? "named" : "best");
  const char* unit = comparison.wall_clock ? "training time" : "training FLOPs";
  if (!comparison.savings || comparison.savings->at.empty()) {
    verdict.claim =
        fmt::format("{} against {}: no savings in {}", comparison.candidate, against, unit);
    verdict.detail = comparison.refusal.empty() ? "No loss that both reach." : comparison.refusal;
    return verdict;
  }
  const Savings& savings = *comparison.savings;
  const SavingsAt& at = middle(savings);
  const std::string place = fmt::format(" at loss {}", fixed(at.loss, 3));
  if (!at.interval) {
    verdict.claim = fmt::format("{} reads {}× in {} against {}{}, without an interval",
                                comparison.candidate, factor(at.savings), unit, against, place);
    verdict.detail = savings.seed_noise.measured
                         ? "No interval could be given, so nothing is claimed."
                         : "Seed noise not measured: no interval, so nothing is claimed.";
  } else if (!excludes_one(*at.interval)) {
    verdict.claim =
        fmt::format("{} against {}: no saving resolved in {}", comparison.candidate, against, unit);
    verdict.detail =
        fmt::format("{}× with 95 % interval {}{}; the interval holds 1 (no difference).",
                    factor(at.savings), interval_text(*at.interval), place);
  } else {
    const bool saves = at.savings > 1;
    verdict.claim =
        fmt::format("{} {} {}× in {} against {}", comparison.candidate, saves ? "saves" : "needs",
                    factor(saves ? at.savings : 1 / at.savings), unit, against);
    const Interval shown =
        saves ? *at.interval : Interval{1 / at.interval->second, 1 / at.interval->first};
    verdict.detail = fmt::format("95 % interval {}{}{}.", interval_text(shown), place,
                                 saves ? "" : " (more, not less)");
  }
  verdict.detail += fmt::format(" {}{}.", at.extrapolated ? "The loss is extrapolated; " : "",
                                growth_text(savings));
  return verdict;
}

Verdict floor_verdict(const Study& study, std::size_t place) {
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
  verdict.detail +=
      fmt::format(". Power law along the {} frontier, {} points.", own.law->frontier, own.law->n);
  for (const std::string& flag : own.law->flags) verdict.detail += fmt::format(" Flag: {}.", flag);
  return verdict;
}

}  // namespace

std::vector<Verdict> verdicts(const Study& study) {
  std::vector<Verdict> out;
  for (const Comparison& comparison : study.comparisons) {
    out.push_back(verdict_of(study, comparison));
  }
  if (study.all.floor || study.architectures.size() == 1) {
    for (std::size_t i = 0; i < study.architectures.size(); ++i) {
      out.push_back(floor_verdict(study, i));
    }
  }
  return out;
}

std::string headline_html(const Study& study) {
  const bool compares = !study.comparisons.empty();
  std::string out =
      fmt::format("<h1>{}: {}</h1>\n", html_escape(study.name.empty() ? "study" : study.name),
                  compares          ? "compute saved at equal loss"
                  : study.all.floor ? "the fitted floor against the exact one"
                                    : "loss against compute");
  out += "<ul class=\"verdicts\">\n";
  for (const Verdict& verdict : verdicts(study)) {
    out += fmt::format("<li class=\"ink-{}\"><span><b>{}</b><br>{}</span></li>\n",
                       (verdict.style - 1) % kInks + 1, html_escape(verdict.claim),
                       html_escape(verdict.detail));
  }
  out += "</ul>\n";
  for (const std::string& note : study.notes) {
    out += fmt::format("<p class=\"note\">{}</p>\n", html_escape(note));
  }
  if (compares) {
    out +=
        "<p class=\"note\">Saved means: compute the baseline needs divided by compute the "
        "candidate "
        "needs to reach the same held-out loss, each on its own compute-optimal frontier. 2.00 is "
        "half "
        "the compute. The named baseline is the one asked for; the best baseline is the "
        "architecture "
        "of this study, the candidate left out, that reaches these losses cheapest.</p>\n";
  }
  return out;
}

}  // namespace isoloss
