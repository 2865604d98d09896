#include "analysis/report_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "analysis/html.h"
#include "analysis/report_number.h"
#include "analysis/report_rules.h"

namespace isoloss {
namespace {

// Distinct texts over the runs, in order of first appearance, with commas.
std::string distinct(const StudyResults& study,
                     const std::function<std::string(const RunHeader&)>& text) {
  std::vector<std::string> seen;
  std::string out;
  for (const RunRecord& run : study.all.runs) {
    std::string value = text(run.header);
    if (std::find(seen.begin(), seen.end(), value) != seen.end()) continue;
    out += (out.empty() ? "" : ", ") + value;
    seen.push_back(std::move(value));
  }
  return out;
}

std::string list_html(const std::vector<std::string>& lines) {
  std::string out = "<ul>\n";
  for (const std::string& line : lines) out += "<li>" + html_escape(line) + "</li>\n";
  return out + "</ul>\n";
}

std::string form_text(const StudyResults& study) {
  if (study.comparisons.empty()) {
    return "Power law, loss = E + a C^-b, along the compute-optimal frontier.";
  }
  for (const Comparison& comparison : study.comparisons) {
    if (!comparison.savings) continue;
    return fmt::format(
        "Savings = compute of the baseline / compute of the candidate at equal loss, by inverse "
        "interpolation between compute-optimal frontiers of one shape for all architectures ({}); "
        "floor: {}.",
        name_of(comparison.savings->frontier), comparison.savings->floor);
  }
  return "Savings at equal loss, each on its own compute-optimal frontier; none could be given.";
}

std::string objective_text(const StudyResults& study) {
  const auto said = [](const Fit& fit) {
    return fmt::format("{} of the {} loss{}", name_of(fit.objective),
                       fit.space == FitSpace::Log ? "logarithm of the" : "plain",
                       fit.objective == ObjectiveKind::Huber
                           ? fmt::format(" with delta {}", significant(fit.delta, 3))
                           : "");
  };
  for (const ArchitectureFrontier& own : study.frontiers) {
    if (own.law) return said(*own.law) + "; intervals rest on: " + own.law->uncertainty;
  }
  for (const Comparison& comparison : study.comparisons) {
    if (comparison.savings && comparison.savings->baseline_fit) {
      return said(*comparison.savings->baseline_fit);
    }
  }
  return "least squares of the loss for frontier surfaces; no law was fitted";
}

std::string counts_text(const StudyResults& study) {
  std::set<std::string> sizes;
  std::set<double> budgets;
  for (const Point& point : study.results.points) {
    sizes.insert(point.size);
    budgets.insert(point.budget);
  }
  if (study.from_csv()) {
    return fmt::format("{}, {} of {} counted.",
                       count_text(study.architectures.size(), "architecture"),
                       study.results.points.size(), count_text(study.all.points.size(), "point"));
  }
  return fmt::format("{}, {}, {}, {}; {} counted, {} in all with lost and checked learning rates.",
                     count_text(study.architectures.size(), "architecture"),
                     count_text(sizes.size(), "size"), count_text(budgets.size(), "budget"),
                     count_text(study.all.runs.size(), "run"),
                     count_text(study.results.points.size(), "trial"), study.all.points.size());
}

std::string held_out_text(const StudyResults& study) {
  std::size_t sequences = 0;
  for (const Point& point : study.all.points) {
    sequences = std::max(sequences, point.sequence_losses.size());
  }
  const RunHeader& first = study.all.runs.front().header;
  return fmt::format(
      "{} of {} tokens, the same for every trial, of documents never trained on; hash {}. Another "
      "part "
      "of the held-out text chose the learning rates. Standard errors and intervals cover these "
      "documents only, not text in general.",
      count_text(sequences, "sequence"), first.sequence, study.all.held_out_hash);
}

std::string epochs_text(const StudyResults& study) {
  double epochs = 0;
  for (const RunRecord& run : study.all.runs) {
    for (const Evaluation& evaluation : run.evaluations) {
      epochs = std::max(epochs, evaluation.tokens / run.header.training_tokens);
    }
  }
  return fmt::format("{} training tokens; at most {} epochs{}",
                     significant(study.all.runs.front().header.training_tokens, 4),
                     fixed(epochs, 2),
                     epochs > 1 ? ": the text is repeated" : ", so nothing is repeated");
}

std::string warmup_text(const RunHeader& header) {
  const double steps = spec_number(header, {"optimizer", "warmup_steps"});
  if (!std::isfinite(steps)) return "not recorded";
  return fmt::format("{} tokens ({} steps)",
                     significant(steps * static_cast<double>(header.batch_tokens), 6),
                     significant(steps, 6));
}

std::string optimizer_text(const RunHeader& header) {
  const std::string name = spec_text(header, {"optimizer", "name"});
  return fmt::format("{}, clip_norm {}, z_loss {} (training only), {}", name,
                     spec_text(header, {"optimizer", "clip_norm"}),
                     spec_text(header, {"optimizer", "z_loss"}), spec_text(header, {"dtype"}));
}

std::string seed_noise_text(const StudyResults& study) {
  if (!study.seed_noise.measured) return "not measured: no interval is given";
  return fmt::format("standard deviation {} nats of one trial, pooled over {} of replicates",
                     fixed(study.seed_noise.deviation, 4),
                     count_text(static_cast<std::size_t>(study.seed_noise.replicates), "group"));
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
  for (const RunRecord& run : study.all.runs) {
    const std::string who =
        fmt::format("{} {} seed {} rate {}", run.header.architecture, run.header.size,
                    run.header.seed, significant(run.header.learning_rate, 3));
    if (run.state == RunState::Diverged) out.push_back(who + " diverged: " + run.reason);
    if (run.state == RunState::Running && !arms.contains(run.header.id)) {
      out.push_back(who + " is not finished");
    }
  }
  if (!arms.empty()) {
    out.push_back(count_text(arms.size(), "learning rate run") +
                  " lost the search, or checked its outcome, and count in no frontier");
  }
  return out;
}

// Each flag once, with the comparisons that raise it.
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

}  // namespace

namespace {

// What only a study folder says.
std::string training_items(const StudyResults& study) {
  std::string out = html_item("Held out", held_out_text(study));
  out += html_item("Tokenizer", distinct(study, [](const RunHeader& h) {
                     return fmt::format("{} (hash {}, {} bytes per token)", h.tokenizer,
                                        h.tokenizer_hash, significant(h.bytes_per_token, 4));
                   }));
  out += html_item("Training text", epochs_text(study));
  out += html_item("Batch", distinct(study, [](const RunHeader& h) {
                     return fmt::format("{} tokens, sequences of {}", h.batch_tokens, h.sequence);
                   }));
  out += html_item("Warm-up", distinct(study, warmup_text));
  out += html_item("Schedule", distinct(study, [](const RunHeader& h) {
                     const std::string name = spec_text(h, {"optimizer", "schedule"});
                     return name == "rsqrt" ? "rsqrt: losses are undecayed" : name;
                   }));
  out += html_item("Optimizer", distinct(study, optimizer_text));
  out += html_item("Machine", distinct(study, [](const RunHeader& h) {
                     return fmt::format("{}, {} and {} a run", h.machine,
                                        count_text(static_cast<std::size_t>(h.ranks), "rank"),
                                        count_text(static_cast<std::size_t>(h.threads), "thread"));
                   }));
  return out +
         html_item("Code", distinct(study, [](const RunHeader& h) { return h.code_version; }));
}

std::string file_items(const StudyResults& study) {
  const PointTable& table = study.all;
  const auto said = [](const std::string& text) { return text.empty() ? "not stated" : text; };
  std::vector<std::string> other = table.other_columns;
  std::erase(other, "weight");  // the laws read it
  return html_item("FLOPs", "as the file gives them; convention: " + said(table.flops_convention)) +
         html_item("Held out", "hash: " + said(table.held_out_hash)) +
         html_item("Tokenizer", "hash: " + said(table.tokenizer_hash)) +
         (other.empty() ? ""
                        : html_item("Columns not used", fmt::format("{}", fmt::join(other, ", "))));
}

constexpr const char* kStudyUnits =
    "Loss in nats per token, by the natural logarithm. FLOPs: `exact`, every multiply-add of "
    "the matrix products and depthwise convolutions, attention as full T x T, times two, "
    "forward and backward (three times forward); no recomputation, evaluation, optimizer or "
    "elementwise work. Fits use FLOPs actually spent; nominal budgets only name groups. "
    "Seconds are of training alone.";
constexpr const char* kFileUnits =
    "Loss in nats per token, by the natural logarithm; total training FLOPs; parameters and tokens "
    "in units, not millions. As the file says: nothing is converted.";

}  // namespace

std::string card_html(const StudyResults& study) {
  std::string sources;
  for (const std::string& source : study.sources) sources += (sources.empty() ? "" : ", ") + source;
  std::string out = "<h2>Study card</h2>\n<dl>\n";
  out += html_item(study.from_csv() ? "File" : "Folder", sources) +
         html_item("Digest of the points",
                   study.digest.digest + ": XXH3-64 of points.csv beside this page") +
         html_item("Form", form_text(study)) + html_item("Objective", objective_text(study)) +
         html_item("Counts", counts_text(study)) +
         html_item("Units", study.from_csv() ? kFileUnits : kStudyUnits);
  std::set<std::int64_t> seeds;
  for (const Point& point : study.all.points) {
    if (point.has_seed) seeds.insert(point.seed);
  }
  out +=
      html_item("Seeds", seeds.empty() ? "not stated" : fmt::format("{}", fmt::join(seeds, ", "))) +
      html_item("Seed noise", seed_noise_text(study));
  out += study.from_csv() ? file_items(study) : training_items(study);
  const auto left = left_out_lines(study);
  out += "<dt>Left out</dt><dd>" + (left.empty() ? "nothing" : list_html(left)) + "</dd>\n";
  out += flags_html(study) + "</dl>\n<h2>Rules of an honest comparison this study breaks</h2>\n";
  const auto broken = broken_rules(study);
  return out + (broken.empty() ? "<p>None of those that are checked.</p>\n" : list_html(broken));
}

}  // namespace isoloss
