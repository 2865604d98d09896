#include "analysis/report/report_plot_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/plot/number_text.h"

namespace isoloss {

Axis compute_axis() { return {"training compute (FLOPs)", true, false, {}}; }

Axis loss_axis() { return {"held-out loss (nats per token)", true, false, {}}; }

std::optional<SecondAxis> bits_per_byte_axis(const StudyResults& study) {
  double low = 0, high = 0;
  for (const Point& point : study.results.points) {
    const double ratio = point.bits_per_byte / point.loss;
    if (!(ratio > 0)) return std::nullopt;
    low = low == 0 ? ratio : std::min(low, ratio);
    high = std::max(high, ratio);
  }
  // A column of rounded bits per byte still agrees to a part in a thousand.
  if (!(low > 0) || high > low * 1.001) return std::nullopt;
  return SecondAxis{"bits per byte", std::sqrt(low * high)};
}

Series series_of(const StudyResults& study, const std::string& architecture, SeriesKind kind,
                 std::string title) {
  Series series;
  series.title = std::move(title);
  series.name = architecture;
  series.style = style_of(study, architecture);
  series.kind = kind;
  return series;
}

std::vector<std::size_t> drawn_places(std::size_t count, std::size_t most) {
  std::vector<std::size_t> places(std::min(count, most));
  for (std::size_t k = 0; k < places.size(); ++k) {
    places[k] = count <= most ? k : k * (count - 1) / (most - 1);
  }
  return places;
}

std::string tip_of(const Point& point) {
  std::string out = point.architecture;
  if (!point.size.empty()) out += ", size " + point.size;
  if (point.has_seed) out += fmt::format(", seed {}", point.seed);
  if (std::isfinite(point.parameters)) {
    out += fmt::format("\n{} parameters", significant(point.parameters, 4));
    if (std::isfinite(point.tokens)) out += ", " + significant(point.tokens, 4) + " tokens";
  }
  out += fmt::format("\n{} FLOPs", significant(point.flops, 4));
  if (std::isfinite(point.budget)) {
    out += ", budget " + (point.budget_unit.empty()
                              ? significant(point.budget, 4)
                              : budget_in_words(point.budget, point.budget_unit));
  }
  out += fmt::format("\nloss {} nats", fixed(point.loss, 4));
  if (std::isfinite(point.bits_per_byte)) {
    out += fmt::format(", {} bits per byte", fixed(point.bits_per_byte, 4));
  }
  if (std::isfinite(point.learning_rate)) {
    out += "\nlearning rate " + significant(point.learning_rate, 3);
    if (point.role == "arm") out += ", lost its search";
    if (point.role == "check") out += ", runner-up";
  }
  return out;
}

std::string tip_of(const std::string& architecture, const Optimum& optimum) {
  const auto with = [](std::string text, const std::optional<Interval>& interval, int digits) {
    if (!interval) return text;
    return fmt::format("{} [{}, {}]", text, significant(interval->first, digits),
                       significant(interval->second, digits));
  };
  std::string out =
      fmt::format("{}: optimum at {} FLOPs", architecture, significant(optimum.point.flops, 4));
  out += "\nloss " + with(fixed(optimum.point.loss, 4), optimum.loss, 5) + " nats";
  if (std::isfinite(optimum.point.optimal_parameters)) {
    out += "\nN* " + with(significant(optimum.point.optimal_parameters, 4), optimum.parameters, 3);
  }
  if (std::isfinite(optimum.tokens)) {
    out += "\nD* " + with(significant(optimum.tokens, 4), optimum.token_interval, 3);
  }
  if (!optimum.point.why_not.empty()) {
    out += (optimum.point.used ? "\n" : "\nleft out: ") + optimum.point.why_not;
  }
  return out;
}

}  // namespace isoloss
