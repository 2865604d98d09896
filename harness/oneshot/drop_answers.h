// DROP's rules (Dua et al. 2019 and the evaluator released with it): an answer is a set of spans,
// a span a set of words; numbers must agree; spans are paired one to one.
#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/oneshot/answer_rules.h"

namespace isoloss {

// Split at spaces and hyphens; each word in lower case without punctuation, articles left out. A
// number keeps its point and takes one form: 5 and 5.0 are the same word.
std::string drop_normalized(const std::string& span);

// F1 of two sets of words: 0 where the gold holds numbers and none of them is in the answer.
double drop_span_f1(const std::set<std::string>& written, const std::set<std::string>& gold);

// The pairs of rows and columns with the largest sum: for each row its column, or -1. `values` has
// rows of equal length; ties go to the lower column.
std::vector<int> best_pairing(const std::vector<std::vector<double>>& values);

// One gold: its spans. Mean F1 over the larger number of spans under the best pairing, rounded to
// two decimals; exact where the normalised spans are the same set and as many.
AnswerScore drop_spans_score(std::span<const std::string> written,
                             std::span<const std::string> gold);

// The best over golds, each a JSON list of spans; `written` is one span. A gold whose first span is
// blank doesn't count.
AnswerScore drop_score(const std::string& written, std::span<const std::string> golds);

}  // namespace isoloss
