// What a written answer is worth, by the published rules of the data sets. Pure functions of texts.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace isoloss {

enum class AnswerRule {
  Squad,         // SQuAD 2.0: the best of the golds; none: the empty text is right
  SquadAbstain,  // the same; "unanswerable" counts as the empty text
  Coqa,  // CoQA: first line alone; each gold left out in turn, the mean of the best of the rest
  CoqaDistinct,  // the same, golds that differ in case alone taken once
  Quac,          // QuAC: as CoQA; CANNOTANSWER stays alone among the golds, or goes, by majority
  Drop,          // DROP: drop_answers.h; a gold is a JSON list of its spans
  Plain,         // case, ASCII punctuation and blanks at the ends ignored
  PlainArticles  // the same, each "a ", "an ", "the " (also capitalised) left out before
};

struct AnswerScore {
  double exact = 0;  // 0 to 1
  double f1 = 0;     // 0 to 1; of Plain and PlainArticles: exact

  bool operator==(const AnswerScore&) const = default;
};

// Rajpurkar et al. 2016: lower case, no ASCII punctuation, no a|an|the, blanks squeezed.
std::string squad_normalized(const std::string& text);

// F1 of the two bags of normalised words; where one is empty: whether both are.
double squad_f1(const std::string& written, const std::string& gold);

AnswerScore answer_score(AnswerRule rule, const std::string& written,
                         std::span<const std::string> golds);

}  // namespace isoloss
