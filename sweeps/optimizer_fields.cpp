#include "sweeps/optimizer_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"

namespace isoloss {
namespace {

struct Range {
  double lowest = 0;
  bool open = false;  // the lowest itself is no value
  double below = 0;   // 0: no upper bound
};
constexpr Range kPositive{0, true, 0};
constexpr Range kNotNegative{0, false, 0};
constexpr Range kShare{0, false, 1};
constexpr Range kDecay{0, true, 1};

double checked(double value, const std::string& text, Range range) {
  if (value < range.lowest || (range.open && value == range.lowest) ||
      (range.below > 0 && value >= range.below))
    throw InputError(fmt::format("{} is out of range ({}{}); give a number in the range", text,
                                 range.open ? "it must exceed 0" : "it must be 0 or more",
                                 range.below > 0 ? fmt::format(" and below {}", range.below) : ""));
  return value;
}

OptimizerField real(const char* name, const char* meaning, double OptimizerSpec::*member,
                    Range range) {
  return {name, meaning,
          [member](const OptimizerSpec& spec) { return fmt::format("{}", spec.*member); },
          [member, range](OptimizerSpec& spec, const std::string& text) {
            const auto value = parse_number(text);
            if (!value)
              throw InputError("'" + text +
                               "' is not a number (a finite number is wanted); write it like 0.05");
            spec.*member = checked(*value, text, range);
          }};
}

OptimizerField count(const char* name, const char* meaning, std::int64_t OptimizerSpec::*member,
                     Range range = kPositive) {
  return {name, meaning,
          [member](const OptimizerSpec& spec) { return std::to_string(spec.*member); },
          [member, range](OptimizerSpec& spec, const std::string& text) {
            const auto value = parse_whole(text);
            if (!value)
              throw InputError("'" + text + "' is " + why_not_whole(text) +
                               " (a count is wanted); write it like 1024");
            checked(static_cast<double>(*value), text, range);
            spec.*member = *value;
          }};
}

template <typename Enum>
OptimizerField choice(const char* name, const char* meaning, Enum OptimizerSpec::*member,
                      std::vector<Enum> values) {
  return {name, meaning,
          [member](const OptimizerSpec& spec) -> std::string { return name_of(spec.*member); },
          [member, values](OptimizerSpec& spec, const std::string& text) {
            std::vector<std::string> known;
            for (const Enum value : values) {
              known.emplace_back(name_of(value));
              if (text == known.back()) {
                spec.*member = value;
                return;
              }
            }
            throw InputError("'" + text + "' is not known (not one of its choices)" +
                             suggestion(text, known));
          }};
}

OptimizerField only_adafactor(OptimizerField field) {
  field.adamw = false;
  return field;
}

OptimizerField only_adamw(OptimizerField field) {
  field.adafactor = false;
  return field;
}

bool means_something(const OptimizerField& field, const OptimizerSpec& spec) {
  return field.schedules.empty() ||
         std::ranges::find(field.schedules, spec.schedule) != field.schedules.end();
}

// Came later than the first runs: at its default, or idle, no canonical text names it.
OptimizerField later(OptimizerField field, std::vector<ScheduleKind> schedules) {
  field.schedules = std::move(schedules);
  field.named = [field](const OptimizerSpec& spec) {
    OptimizerSpec plain;
    plain.schedule = spec.schedule;
    return means_something(field, spec) && field.get(spec) != field.get(plain);
  };
  return field;
}

OptimizerField warmup_field() {
  return later({"warmup", "constant or linear; rsqrt's is constant, that of cosine and wsd linear",
                [](const OptimizerSpec& spec) -> std::string { return name_of(warmup_kind(spec)); },
                [](OptimizerSpec& spec, const std::string& text) {
                  const std::vector<std::string> known = {name_of(WarmupKind::Constant),
                                                          name_of(WarmupKind::Linear)};
                  const auto found = std::ranges::find(known, text);
                  if (found == known.end())
                    throw InputError("'" + text + "' is not known (not one of its choices)" +
                                     suggestion(text, known));
                  spec.warmup = found == known.begin() ? WarmupKind::Constant : WarmupKind::Linear;
                }},
               {});
}

OptimizerField final_ratio_field() {
  return later({"final_ratio", "rate at the end over the peak, of cosine and wsd",
                [](const OptimizerSpec& spec) { return fmt::format("{}", final_ratio(spec)); },
                [](OptimizerSpec& spec, const std::string& text) {
                  const auto value = parse_number(text);
                  if (!value)
                    throw InputError("'" + text +
                                     "' is not a number (a share of learning_rate is wanted); "
                                     "write it like 0.1");
                  spec.final_ratio = checked(*value, text, kShare);
                }},
               {ScheduleKind::Cosine, ScheduleKind::Wsd});
}

std::vector<OptimizerField> make_fields() {
  using O = OptimizerSpec;
  return {
      choice("name", "adafactor or adamw", &O::kind,
             std::vector{OptimizerKind::Adafactor, OptimizerKind::AdamW}),
      choice("schedule", "rsqrt, constant, cosine or wsd", &O::schedule,
             std::vector{ScheduleKind::Rsqrt, ScheduleKind::Constant, ScheduleKind::Cosine,
                         ScheduleKind::Wsd}),
      real("learning_rate", "peak, reached by the warm-up", &O::learning_rate, kPositive),
      count("warmup_steps", "steps of the warm-up, or warmup_tokens; 0: none, but under rsqrt",
            &O::warmup_steps, kNotNegative),
      warmup_field(),
      final_ratio_field(),
      later(real("decay_share", "cooldown's share of the steps of wsd", &O::decay_share, kDecay),
            {ScheduleKind::Wsd}),
      later(choice("cooldown", "linear or sqrt (1 - sqrt of the share that is over)", &O::cooldown,
                   std::vector{CooldownKind::Linear, CooldownKind::Sqrt}),
            {ScheduleKind::Wsd}),
      count("batch_tokens", "tokens of one step, a multiple of the sequence", &O::batch_tokens),
      real("clip_norm", "global gradient norm; 0: no clipping", &O::clip_norm, kNotNegative),
      real("z_loss", "weight of log(Z)^2, training only", &O::z_loss, kNotNegative),
      only_adafactor(
          real("adafactor_decay", "beta2 = 1 - (t+1)^-decay", &O::adafactor_decay, kPositive)),
      only_adafactor(
          real("adafactor_clip", "threshold on the update's RMS", &O::adafactor_clip, kPositive)),
      only_adafactor(real("adafactor_epsilon1", "added to squared gradients",
                          &O::adafactor_epsilon1, kNotNegative)),
      only_adafactor(real("adafactor_epsilon2", "smallest scale of a parameter",
                          &O::adafactor_epsilon2, kNotNegative)),
      only_adafactor(
          count("min_dim_factored", "smallest dimension that is factored", &O::min_dim_factored)),
      only_adamw(real("beta1", "of the first moment", &O::beta1, kShare)),
      only_adamw(real("beta2", "of the second moment", &O::beta2, kShare)),
      only_adamw(real("epsilon", "added to the root of the second moment", &O::epsilon, kPositive)),
      only_adamw(real("weight_decay", "on matrices, times the learning rate", &O::weight_decay,
                      kNotNegative)),
  };
}

}  // namespace

std::span<const OptimizerField> optimizer_fields() {
  static const std::vector<OptimizerField> fields = make_fields();
  return fields;
}

std::span<const std::string> optimizer_field_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const OptimizerField& field : optimizer_fields()) list.push_back(field.name);
    return list;
  }();
  return names;
}

const OptimizerField* find_optimizer_field(std::string_view name) {
  for (const OptimizerField& field : optimizer_fields())
    if (field.name == name) return &field;
  return nullptr;
}

const char* name_of(OptimizerKind kind) {
  return kind == OptimizerKind::Adafactor ? "adafactor" : "adamw";
}

const char* name_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::Rsqrt:
      return "rsqrt";
    case ScheduleKind::Constant:
      return "constant";
    case ScheduleKind::Cosine:
      return "cosine";
    case ScheduleKind::Wsd:
      return "wsd";
  }
  return "";
}

const char* name_of(WarmupKind kind) {
  return kind == WarmupKind::Constant ? "constant" : "linear";
}

const char* name_of(CooldownKind kind) { return kind == CooldownKind::Linear ? "linear" : "sqrt"; }

}  // namespace isoloss
