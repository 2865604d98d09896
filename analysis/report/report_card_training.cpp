// What only a study folder says: held-out text, tokenizer, training, machine.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/plot/html.h"
#include "analysis/plot/number_text.h"
#include "analysis/report/report_card_items.h"
#include "analysis/report/report_spec.h"

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

std::string held_out_text(const StudyResults& study) {
  std::size_t sequences = 0;
  for (const Point& point : study.all.points) {
    sequences = std::max(sequences, point.sequence_losses.size());
  }
  const RunHeader& first = study.all.runs.front().header;
  return fmt::format(
      "{} of {} tokens, the same for every trial, of text never trained on (whole documents, "
      "or the end of the text where it is a single one); hash {}. Another part of the held-out "
      "text chose the learning rates. Standard errors and intervals cover these "
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

}  // namespace

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

}  // namespace isoloss
