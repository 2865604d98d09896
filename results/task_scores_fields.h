// What the writer and the reader of a file of scores share.
#pragma once
#include <string>

namespace isoloss {

inline constexpr const char* kScoresFormat = "isoloss scores";
// Absent from files of earlier versions.
inline constexpr const char* kOverlapSearched = "overlap_searched";
// Absent likewise, and from what training stores: its run and step say which they were.
inline constexpr const char* kScoredWeights = "weights";

// Whether a dataset, or a part of a file's name, can be called so.
inline bool names_a_dataset(const std::string& name) {
  return !name.empty() && name != "." && name.find('/') == std::string::npos;
}

// Name and place of each attribute of the root.
template <class Scores, class Visit>
void visit_attributes(Scores& scores, const Visit& visit) {
  visit("model", scores.model);
  visit("trial", scores.trial);
  visit("step", scores.step);
  visit("flops", scores.flops);
  visit("task", scores.task);
  visit("profile", scores.profile);
  visit("shots", scores.shots);
  visit("suite_seed", scores.suite_seed);
  visit("card_digest", scores.card_digest);
  visit("data_digest", scores.data_digest);
  visit("tokenizer", scores.tokenizer);
  visit("chance", scores.chance);
}

}  // namespace isoloss
