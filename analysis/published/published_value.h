// Numbers as a paper prints them: a value and the interval that its rounding leaves open. What is
// recomputed from rounded numbers is an interval too; a paper reproduces when both meet.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

struct RoundedValue {
  double value = 0;
  double low = 0, high = 0;  // low <= value <= high

  bool operator==(const RoundedValue&) const = default;
};

// A decimal number ("35.44", "2.96e22") with half a unit of its last written digit to either side,
// or half of `unit` where that is not 0. Empty where the text is not one finite number.
std::optional<RoundedValue> read_rounded(std::string_view text, double unit = 0);

// f at the values, and its least and largest value over all corners of the inputs' intervals: exact
// bounds where f is monotone in each input. At most 12 inputs; corners where f is not finite are
// left out.
RoundedValue over_corners(std::span<const RoundedValue> inputs,
                          const std::function<double(std::span<const double>)>& f);

// The weighted sum; `weights` as many as `terms`.
RoundedValue weighted_sum(std::span<const RoundedValue> terms, std::span<const double> weights);

// Whether the value of `recomputed` rounds to `printed`.
bool rounds_to(const RoundedValue& recomputed, const RoundedValue& printed);
// Whether the intervals meet; touching ends count.
bool meets(const RoundedValue& a, const RoundedValue& b);
// Whether all of `a` is at or below all of `b`.
bool at_most(const RoundedValue& a, const RoundedValue& b);

// "4.1316", "1.9733e22": five significant digits; whole numbers from 1e5 to 1e9.
std::string value_text(double value);

}  // namespace isoloss
