#include "harness/oneshot/ranking.h"

#include <algorithm>
#include <cmath>

namespace isoloss {

double ranked_value(Ranking ranking, const ChoiceRow& row) {
  switch (ranking) {
    case Ranking::PerToken:
      return row.log_probability / static_cast<double>(row.tokens);
    case Ranking::AnswerContext:
      return row.log_probability - row.unconditional;
    case Ranking::Sum:
      return row.log_probability;
    case Ranking::PerCharacter:
      return row.log_probability / static_cast<double>(row.code_points);
    case Ranking::PerByte:
      return row.log_probability / static_cast<double>(row.bytes);
  }
  return 0;
}

std::vector<double> chosen_shares(Ranking ranking, Ties ties, std::span<const ChoiceRow> rows) {
  std::vector<double> values;
  double scale = 0;
  for (const ChoiceRow& row : rows) {
    values.push_back(ranked_value(ranking, row));
    // Of the difference of two sums, the sums' rounding is what differs.
    scale = std::max({scale, std::abs(values.back()),
                      ranking == Ranking::AnswerContext ? std::abs(row.log_probability) : 0.0});
  }
  const auto best = std::max_element(values.begin(), values.end());
  std::vector<double> shares(rows.size());
  if (ties == Ties::Lowest) {
    shares[static_cast<std::size_t>(best - values.begin())] = 1;
    return shares;
  }
  double equals = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (*best - values[i] <= 1e-12 * scale) shares[i] = 1, ++equals;
  const double each = ties == Ties::Nobody && equals > 1 ? 0 : 1 / equals;
  for (double& share : shares) share *= each;
  return shares;
}

}  // namespace isoloss
