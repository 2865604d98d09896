// Numbers as the report shows them.
#pragma once
#include <optional>
#include <string>

#include "analysis/numbers/statistics.h"

namespace isoloss {

// `digits` decimals.
std::string fixed(double value, int digits);
// `digits` significant digits, trailing zeros dropped: 1.31, 2.1e11, 0.03.
std::string significant(double value, int digits);
// "1.31 times"-style factor without the word: three significant digits.
std::string factor(double value);
// "[1.12, 1.53]".
std::string interval_text(const Interval& interval);
// The ends of an interval; NaN, which tables leave empty, where there is none.
Interval ends_of(const std::optional<Interval>& interval);
// "p 0.21", "p below 0.001".
std::string p_text(double p);
// The name of a size, or its parameters where the points give it none.
std::string size_text(const std::string& size, double parameters);
// "2e11 FLOPs", "1e6 tokens", "20 tokens per parameter".
std::string budget_in_words(double budget, const std::string& unit);
// "1 run", "3 runs".
std::string count_text(std::size_t count, const std::string& noun);

}  // namespace isoloss
