#include "harness/cli/fit_options.h"

#include <charconv>
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
  unknown("--objective", name, {"huber", "squares", "lad"});
}

FitSpace space_named(const std::string& name) {
  if (name == "log") return FitSpace::Log;
  if (name == "linear") return FitSpace::Linear;
  unknown("--space", name, {"log", "linear"});
}

FloorChoice floor_named(const std::string& name) {
  if (name == "free") return {FloorChoice::Free, 0};
  if (name == "zero") return {FloorChoice::Zero, 0};
  FloorChoice floor{FloorChoice::Value, 0};
  const char* end = name.data() + name.size();
  const auto [stop, code] = std::from_chars(name.data(), end, floor.value);
  if (code != std::errc() || stop != end || !(floor.value >= 0))
    unknown("--floor", name, {"free", "zero", "a number of nats"});
  return floor;
}

}  // namespace isoloss
