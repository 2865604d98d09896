// One-shot scores that papers print, to stand beside a study's: Primer's table 6 and GPT-3's table
// H.1, from results/published, which the program carries inside.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

struct PublishedScore {
  std::string model;     // "primer at a third", "GPT-3 XL"
  std::string source;    // "Primer, table 6"
  double flops = 0;      // of its training
  double value = 0;      // 0 to 1
  double deviation = 0;  // over five checkpoints; NaN where not printed
};

// Of a task card and a metric (accuracy, exact_match, f1); none where the papers do not have it.
// FLOPs: Primer's transformer as its section 4.4 prints them; the other columns of table 6 by the
// chip hours they share with it or a third of; GPT-3 sizes 6 N D with 300e9 tokens (table D.1).
std::vector<PublishedScore> published_scores(const std::string& task, const std::string& metric);

// The papers' name of a task card's task; empty where they have none.
std::string published_task(const std::string& task);

// The files' text, made by CMake.
extern const std::string_view kPrimerTable6;
extern const std::string_view kGpt3TableH1;

}  // namespace isoloss
