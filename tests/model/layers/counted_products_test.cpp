// The work list against what runs: each architecture's plain forward pass on one sequence, with
// every matrix product and every multiplication by a convolution's tap observed as LibTorch calls
// it.
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <tuple>

#include "model/cost/work_list.h"
#include "model/spec/spec_fields.h"
#include "tests/model/layers/small_models.h"

namespace isoloss {
namespace {

// (m, n, k) -> how often. A convolution's entries stand apart under `taps`.
using Shapes = std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t>;

struct Counted {
  Shapes products;
  std::int64_t tap_multiply_adds = 0;
  std::set<std::string> others;  // products of kinds that no plain layer should use
};

struct Observer {
  const double* weights = nullptr;
  const ParameterTable* table = nullptr;
  Counted counted;

  bool is_tap(const at::Tensor& tensor) const {
    if (!tensor.defined() || tensor.scalar_type() != at::kDouble) return false;
    const std::int64_t at = tensor.const_data_ptr<double>() - weights;
    return std::any_of(table->parameters.begin(), table->parameters.end(), [&](const Parameter& p) {
      return p.name.find("_convolution.") != std::string::npos && p.offset <= at &&
             at < p.offset + p.size();
    });
  }

  void product(const at::Tensor& a, const at::Tensor& b) {
    const std::int64_t batch = a.dim() == 3 ? a.size(0) : 1;
    counted.products[{a.size(-2), b.size(-1), a.size(-1)}] += batch;
  }

  void see(const std::string& name, c10::ArrayRef<const c10::IValue> inputs) {
    static const std::set<std::string> foreign = {
        "aten::baddbmm", "aten::addbmm", "aten::mv",          "aten::addmv",
        "aten::dot",     "aten::vdot",   "aten::convolution", "aten::scaled_dot_product_attention"};
    if (name == "aten::mm" || name == "aten::bmm")
      product(inputs[0].toTensor(), inputs[1].toTensor());
    else if (name == "aten::addmm")
      product(inputs[1].toTensor(), inputs[2].toTensor());
    else if (name == "aten::mul" && inputs[1].isTensor() && is_tap(inputs[1].toTensor()))
      counted.tap_multiply_adds += inputs[0].toTensor().numel();
    else if (foreign.contains(name))
      counted.others.insert(name);
  }
};

Observer* observer = nullptr;

std::unique_ptr<at::ObserverContext> observe(const at::RecordFunction& function) {
  if (observer) observer->see(function.name(), function.inputs());
  return nullptr;
}

Counted counted_forward(const ModelSpec& spec) {
  LanguageModel model(spec, 1, {Precision::Float64, Kernels::Reference});
  Observer here{model.weights64().data(), &model.table(), {}};
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(spec.sequence));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::int32_t>(i) % static_cast<std::int32_t>(spec.vocabulary);
  observer = &here;
  const at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(observe).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  model.token_losses(tokens, spec.sequence);
  at::removeCallback(handle);
  observer = nullptr;
  return here.counted;
}

Counted listed(const ModelSpec& spec) {
  Counted counted;
  for (const Product& product : work_list(spec)) {
    if (product.part == "convolution")
      counted.tap_multiply_adds += product.m * product.n * product.k * product.times;
    else
      counted.products[{product.m, product.n, product.k}] += product.times;
  }
  return counted;
}

struct Case {
  std::string name;
  std::string architecture;
  std::vector<std::pair<std::string, std::string>> settings;
};

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const CatalogueEntry& entry : architectures()) list.push_back({entry.name, entry.name, {}});
  list.push_back({"grouped_heads", "llama", {{"kv_heads", "1"}, {"convolution_width", "2"}}});
  list.push_back({"wide_heads", "primer-ez", {{"heads", "5"}}});
  list.push_back({"convolution_before",
                  "primer-ez",
                  {{"heads", "2"}, {"convolution_place", "before_projection"}}});
  list.push_back({"convolution_of_values", "primer-ez", {{"convolution_on", "v"}}});
  list.push_back({"one_filter", "primer-ez", {{"convolution_shared", "true"}, {"heads", "2"}}});
  list.push_back({"per_head", "primer", {{"shared_qk", "per_head"}}});
  list.push_back({"token_shift", "transformer", {{"token_shift", "true"}, {"tied", "false"}}});
  list.push_back({"rezero", "transformer", {{"norm", "none"}, {"rezero", "true"}}});
  return list;
}

class CountedProducts : public testing::TestWithParam<Case> {};

TEST_P(CountedProducts, AreTheWorkListsShapeByShape) {
  ModelSpec spec = formula_spec(GetParam().architecture);
  for (const auto& [field, value] : GetParam().settings) set_field(spec, field, value);
  const Counted runs = counted_forward(spec);
  const Counted says = listed(spec);
  EXPECT_EQ(runs.products, says.products);
  EXPECT_EQ(runs.tap_multiply_adds, says.tap_multiply_adds);
  EXPECT_EQ(runs.others, std::set<std::string>{});
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Architectures, CountedProducts, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace isoloss
