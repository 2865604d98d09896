#include "harness/cli/fit_options.h"

#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

[[noreturn]] void unknown(const std::string& option, const std::string& name,
                          const std::vector<std::string>& known) {
  throw InputError(option + " is '" + name + "' (not one of its choices)" +
                   suggestion(name, known));
}

}  // namespace

ObjectiveKind objective_named(const std::string& name) {
  if (name == "huber") return ObjectiveKind::Huber;
  if (name == "squares") return ObjectiveKind::Squares;
  if (name == "lad") return ObjectiveKind::Lad;
  if (name == "asymmetric_huber") return ObjectiveKind::AsymmetricHuber;
  unknown("--objective", name, {"huber", "squares", "lad", "asymmetric_huber"});
}

FitSpace space_named(const std::string& name) {
  if (name == "log") return FitSpace::Log;
  if (name == "linear") return FitSpace::Linear;
  unknown("--space", name, {"log", "linear"});
}

CertificateEffort certificate_effort_named(const std::string& name) {
  if (name == "none") return CertificateEffort::None;
  if (name == "quick") return CertificateEffort::Quick;
  if (name == "full") return CertificateEffort::Full;
  unknown("--certify", name, {"none", "quick", "full"});
}

namespace {

std::optional<double> nats(std::string_view text) {
  double value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size() || !(value >= 0))
    return std::nullopt;
  return value;
}

}  // namespace

FloorChoice floor_named(const std::string& name) {
  if (name == "free") return {FloorChoice::Free, 0};
  if (name == "zero") return {FloorChoice::Zero, 0};
  if (const auto value = nats(name)) return {FloorChoice::Value, *value};
  FloorChoice pinned{FloorChoice::Pinned, 0};
  std::istringstream parts(name);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto equals = part.rfind('=');
    const auto value = equals == std::string::npos
                           ? std::nullopt
                           : nats(std::string_view(part).substr(equals + 1));
    if (!value) unknown("--floor", name, {"free", "zero", "a number of nats", "SET=NATS,..."});
    pinned.by_evaluation[part.substr(0, equals)] = *value;
  }
  if (pinned.by_evaluation.empty())
    unknown("--floor", name, {"free", "zero", "a number of nats", "SET=NATS,..."});
  return pinned;
}

}  // namespace isoloss
