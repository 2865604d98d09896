// The one list of OptimizerSpec's fields by name: study files set them through it, canonical specs
// are written from it. The field `name` may be an axis under the key `optimizer`.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/run_spec.h"

namespace isoloss {

struct OptimizerField {
  std::string name;
  std::string meaning;
  std::function<std::string(const OptimizerSpec&)> get;
  std::function<void(OptimizerSpec&, const std::string&)> set;  // InputError: wrong type or range
  bool adafactor = true;                                        // means something to Adafactor
  bool adamw = true;                                            // means something to AdamW
  std::vector<ScheduleKind> schedules = {};  // that it means something to; empty: all
  // Whether a canonical text names it there: always, or where a later field is not at its default.
  std::function<bool(const OptimizerSpec&)> named = [](const OptimizerSpec&) { return true; };
};

std::span<const OptimizerField> optimizer_fields();
std::span<const std::string> optimizer_field_names();

// Null where there is no such field.
const OptimizerField* find_optimizer_field(std::string_view name);

const char* name_of(OptimizerKind kind);  // adafactor, adamw
const char* name_of(ScheduleKind kind);   // rsqrt, constant, cosine, wsd
const char* name_of(WarmupKind kind);     // constant, linear
const char* name_of(CooldownKind kind);   // linear, sqrt

}  // namespace isoloss
