#include "harness/models/hf_keys.h"

#include <array>
#include <utility>
#include <vector>

#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

// transformers' names; the first of an activation is the one that is written.
constexpr std::array<std::pair<const char*, Activation>, 10> kActivations{
    {{"relu", Activation::Relu},
     {"gelu_new", Activation::Gelu},
     {"gelu_pytorch_tanh", Activation::Gelu},
     {"gelu", Activation::GeluErf},
     {"silu", Activation::Swish},
     {"swish", Activation::Swish},
     {"sigmoid", Activation::Sigmoid},
     {"relu2", Activation::SquaredRelu},
     {"linear", Activation::Linear},
     {"gelu_fast", Activation::Gelu}}};

}  // namespace

void HfKeys::only(const char* key, const nlohmann::ordered_json& supported) const {
  if (given(key) && json_.at(key) != supported)
    throw InputError(fmt::format("{}: {} is {} (isoloss has only {}); take a model without it",
                                 source_, key, json_.at(key).dump(), supported.dump()));
}

void HfKeys::absent(const char* key) const {
  if (given(key))
    throw InputError(fmt::format(
        "{}: {} is given (isoloss has nothing like it); take a model without it", source_, key));
}

Activation HfKeys::activation(const char* key, const std::string& otherwise) const {
  const auto name = value<std::string>(key, otherwise);
  std::vector<std::string> names;
  for (const auto& [known, activation] : kActivations) {
    if (name == known) return activation;
    names.emplace_back(known);
  }
  throw InputError(fmt::format("{}: {} '{}' is not known (isoloss has no such activation){}",
                               source_, key, name, suggestion(name, names)));
}

std::string hf_activation(Activation activation) {
  for (const auto& [name, known] : kActivations)
    if (known == activation) return name;
  return "";
}

}  // namespace isoloss
