#include "analysis/plot/number_text.h"

#include <fmt/format.h>

#include <cmath>

namespace isoloss {

std::string fixed(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

std::string significant(double value, int digits) {
  std::string text = fmt::format("{:.{}g}", value, digits);
  const std::size_t exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  return fmt::format("{}e{}", text.substr(0, exponent), std::stoi(text.substr(exponent + 1)));
}

std::string factor(double value) {
  return value >= 0.1 && value < 100 ? fixed(value, 2) : significant(value, 3);
}

std::string interval_text(const Interval& interval) {
  return fmt::format("[{}, {}]", factor(interval.first), factor(interval.second));
}

Interval ends_of(const std::optional<Interval>& interval) {
  return interval.value_or(Interval{kNone, kNone});
}

std::string p_text(double p) {
  return p < 1e-3 ? "p below 0.001" : fmt::format("p {}", significant(p, 2));
}

std::string size_text(const std::string& size, double parameters) {
  if (!size.empty() || !std::isfinite(parameters)) return size;
  return significant(parameters, 4);
}

std::string budget_in_words(double budget, const std::string& unit) {
  if (!std::isfinite(budget)) return "no budget";
  const std::string amount = significant(budget, 4);
  if (unit == "tokens") return amount + " tokens";
  if (unit == "tokens_per_parameter") return amount + " tokens per parameter";
  return amount + " FLOPs";
}

std::string count_text(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace isoloss
