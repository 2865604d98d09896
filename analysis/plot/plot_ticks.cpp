#include "analysis/plot/plot_ticks.h"

#include <fmt/format.h>

#include <cmath>

namespace isoloss {
namespace {

std::vector<double> linear_ticks(double low, double high, int target) {
  const double rough = (high - low) / target;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double multiple : {1.0, 2.0, 5.0}) {
    if (multiple * power >= rough * 0.999) {
      step = multiple * power;
      break;
    }
  }
  std::vector<double> ticks;
  const auto first = static_cast<long long>(std::ceil(low / step - 1e-9));
  for (long long i = first; static_cast<double>(i) * step <= high + 1e-9 * step; ++i) {
    ticks.push_back(static_cast<double>(i) * step);
  }
  return ticks;
}

// Multiples in `mantissas` of every `every`-th power of ten inside [low, high].
std::vector<double> decade_ticks(double low, double high, const std::vector<double>& mantissas,
                                 int every) {
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(low)));
       power <= static_cast<int>(std::ceil(std::log10(high))); ++power) {
    if (power % every != 0) continue;
    for (const double mantissa : mantissas) {
      const double value = mantissa * std::pow(10.0, power);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push_back(value);
    }
  }
  return ticks;
}

std::string superscript(int value) {
  static const char* const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out;
  for (const char character : std::to_string(value)) {
    out += character == '-' ? "⁻" : digits[character - '0'];
  }
  return out;
}

}  // namespace

std::vector<double> choose_ticks(double low, double high, bool logarithmic, int target) {
  if (!(low < high)) return {low};
  if (!logarithmic) return linear_ticks(low, high, target);
  const double decades = std::log10(high / low);
  if (decades > 4)
    return decade_ticks(low, high, {1}, std::max(1, static_cast<int>(decades) / target));
  if (decades > 2) return decade_ticks(low, high, {1, 3}, 1);
  if (decades > 0.8) return decade_ticks(low, high, {1, 2, 5}, 1);
  return linear_ticks(low, high, target);
}

std::string tick_label(double value) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size >= 1e-3 && size < 1e5) return fmt::format("{:.5g}", value);
  auto power = static_cast<int>(std::floor(std::log10(size) + 1e-9));
  const std::string mantissa = fmt::format("{:.3g}", value / std::pow(10.0, power));
  if (mantissa == "1") return "10" + superscript(power);
  return mantissa + "·10" + superscript(power);
}

}  // namespace isoloss
