#include "results/run_record.h"

#include <array>

namespace isoloss {

namespace {

constexpr std::array<std::pair<RunState, std::string_view>, 4> kStates = {{
    {RunState::Running, "running"},
    {RunState::Finished, "finished"},
    {RunState::Trunk, "trunk"},
    {RunState::Diverged, "diverged"},
}};

}  // namespace

std::string_view state_name(RunState state) {
  for (const auto& [value, name] : kStates)
    if (value == state) return name;
  return "unknown";
}

std::optional<RunState> state_named(std::string_view name) {
  for (const auto& [value, known] : kStates)
    if (known == name) return value;
  return std::nullopt;
}

}  // namespace isoloss
