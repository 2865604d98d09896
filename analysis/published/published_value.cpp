#include "analysis/published/published_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "analysis/plot/number_text.h"

namespace isoloss {
namespace {

// Ends of intervals are sums and products of decimals: equal ones differ in their last bits.
bool not_above(double a, double b) {
  return a <= b + 1e-11 * std::max({std::abs(a), std::abs(b), 1e-300});
}

// One in the last written place: 0.01 of "35.44", 1e20 of "2.96e22".
double last_place(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  const std::string_view digits = text.substr(0, exponent);
  const std::size_t point = digits.find('.');
  int power = point == std::string_view::npos ? 0 : -static_cast<int>(digits.size() - point - 1);
  if (exponent != std::string_view::npos) {
    std::string_view tail = text.substr(exponent + 1);
    if (tail.starts_with('+')) tail.remove_prefix(1);
    int shift = 0;
    std::from_chars(tail.data(), tail.data() + tail.size(), shift);
    power += shift;
  }
  return std::pow(10.0, power);
}

}  // namespace

std::optional<RoundedValue> read_rounded(std::string_view text, double unit) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  const double half = (unit > 0 ? unit : last_place(text)) / 2;
  return RoundedValue{value, value - half, value + half};
}

RoundedValue over_corners(std::span<const RoundedValue> inputs,
                          const std::function<double(std::span<const double>)>& f) {
  std::vector<double> at;
  for (const RoundedValue& input : inputs) at.push_back(input.value);
  RoundedValue out;
  out.value = out.low = out.high = f(at);
  for (std::size_t corner = 0; corner < (std::size_t{1} << inputs.size()); ++corner) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      at[i] = (corner >> i) & 1 ? inputs[i].high : inputs[i].low;
    }
    const double here = f(at);
    if (!std::isfinite(here)) continue;
    out.low = std::min(out.low, here);
    out.high = std::max(out.high, here);
  }
  return out;
}

RoundedValue weighted_sum(std::span<const RoundedValue> terms, std::span<const double> weights) {
  RoundedValue sum;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const double w = weights[i];
    sum.value += w * terms[i].value;
    sum.low += w * (w > 0 ? terms[i].low : terms[i].high);
    sum.high += w * (w > 0 ? terms[i].high : terms[i].low);
  }
  return sum;
}

bool rounds_to(const RoundedValue& recomputed, const RoundedValue& printed) {
  return not_above(printed.low, recomputed.value) && not_above(recomputed.value, printed.high);
}

bool meets(const RoundedValue& a, const RoundedValue& b) {
  return not_above(a.low, b.high) && not_above(b.low, a.high);
}

bool at_most(const RoundedValue& a, const RoundedValue& b) { return not_above(a.high, b.low); }

std::string value_text(double value) {
  const double size = std::abs(value);
  return size >= 1e5 && size < 1e9 ? fixed(value, 0) : significant(value, 5);
}

}  // namespace isoloss
