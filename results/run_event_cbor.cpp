#include "results/run_event_cbor.h"

#include <bit>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "results/file_seal.h"
#include "results/run_header_fields.h"

namespace isoloss {

namespace {

using nlohmann::json;

std::string to_bytes(const json& value) {
  std::string bytes;
  json::to_cbor(value, bytes);
  return bytes;
}

json from_bytes(std::string_view bytes) {
  json value = json::from_cbor(bytes, true, false);
  if (value.is_discarded()) throw std::runtime_error("it is not CBOR");
  return value;
}

json floats(const std::vector<float>& values) {
  std::string bytes;
  bytes.reserve(4 * values.size());
  for (const float value : values) append_u32(bytes, std::bit_cast<std::uint32_t>(value));
  return json::binary({bytes.begin(), bytes.end()});
}

std::vector<float> floats_from(const json& value) {
  const auto& binary = value.get_ref<const json::binary_t&>();
  const std::string bytes(binary.begin(), binary.end());
  if (bytes.size() % 4 != 0) throw std::runtime_error("losses are cut short");
  std::vector<float> values(bytes.size() / 4);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::bit_cast<float>(u32_at(bytes, 4 * i));
  return values;
}

struct FieldWriter {
  json& object;

  template <class T>
  void operator()(const char* name, const T& value) const {
    object[name] = value;
  }
  void operator()(const char* name, const std::optional<double>& value) const {
    if (value) object[name] = *value;
  }
};

struct FieldReader {
  const json& object;

  template <class T>
  void operator()(const char* name, T& value) const {
    object.at(name).get_to(value);
  }
  void operator()(const char* name, std::optional<double>& value) const {
    if (object.contains(name)) value = object.at(name).get<double>();
  }
};

struct EventWriter {
  json operator()(const StepMetrics& e) const {
    return {"step", e.step, e.loss, e.learning_rate, e.gradient_norm, e.seconds};
  }
  json operator()(const Evaluation& e) const {
    return {"evaluation",
            e.step,
            e.tokens,
            e.flops,
            e.seconds,
            e.budget,
            e.budget_unit,
            e.selection_loss,
            e.loss,
            e.standard_error,
            floats(e.sequence_losses),
            e.forward_seconds};
  }
  json operator()(const Score& e) const {
    return {"score", e.step, e.task, e.metric, e.value, e.standard_error, e.n, e.chance};
  }
  json operator()(const RunEnd& e) const { return {"end", state_name(e.state), e.reason}; }
};

// Takes an array's values one after the other.
class Values {
 public:
  explicit Values(const json& array) : array_(array) {}

  template <class T>
  T next() {
    return array_.at(next_++).get<T>();
  }
  const json& raw() { return array_.at(next_++); }
  bool left() const { return next_ < array_.size(); }
  void finish() const {
    if (next_ != array_.size()) throw std::runtime_error("an event has too many values");
  }

 private:
  const json& array_;
  std::size_t next_ = 0;
};

// Braced lists are evaluated from left to right, which is the order on disk.
RunEvent parse_event(Values& values) {
  using Integer = std::int64_t;
  const auto kind = values.next<std::string>();
  if (kind == "step")
    return StepMetrics{values.next<Integer>(), values.next<double>(), values.next<double>(),
                       values.next<double>(), values.next<double>()};
  if (kind == "evaluation") {
    Evaluation e;
    e.step = values.next<Integer>();
    e.tokens = values.next<double>();
    e.flops = values.next<double>();
    e.seconds = values.next<double>();
    e.budget = values.next<double>();
    e.budget_unit = values.next<std::string>();
    e.selection_loss = values.next<double>();
    e.loss = values.next<double>();
    e.standard_error = values.next<double>();
    e.sequence_losses = floats_from(values.raw());
    if (values.left()) e.forward_seconds = values.next<double>();  // not of earlier versions
    return e;
  }
  if (kind == "score")
    return Score{values.next<Integer>(), values.next<std::string>(), values.next<std::string>(),
                 values.next<double>(),  values.next<double>(),      values.next<Integer>(),
                 values.next<double>()};
  if (kind != "end") throw std::runtime_error("an event of unknown kind '" + kind + "'");
  const auto name = values.next<std::string>();
  const std::optional<RunState> state = state_named(name);
  if (!state) throw std::runtime_error("an end in unknown state '" + name + "'");
  return RunEnd{*state, values.next<std::string>()};
}

}  // namespace

std::string header_to_cbor(const RunHeader& header) {
  json object = json::object();
  visit_fields(header, FieldWriter{object});
  return to_bytes(object);
}

RunHeader header_from_cbor(std::string_view bytes) {
  const json object = from_bytes(bytes);
  RunHeader header;
  visit_fields(header, FieldReader{object});
  return header;
}

std::string event_to_cbor(const RunEvent& event) {
  return to_bytes(std::visit(EventWriter{}, event));
}

RunEvent event_from_cbor(std::string_view bytes) {
  const json array = from_bytes(bytes);
  Values values(array);
  RunEvent event = parse_event(values);
  values.finish();
  return event;
}

}  // namespace isoloss
