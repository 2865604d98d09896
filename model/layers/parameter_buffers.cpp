#include "model/layers/parameter_buffers.h"

#include <torch/torch.h>

#include <span>

#include "model/spec/initial_values.h"

namespace isoloss {
namespace {

template <typename Real>
void fill(at::Tensor& weights, const ParameterTable& table, std::uint64_t seed) {
  Real* data = weights.data_ptr<Real>();
  for (const Parameter& p : table.parameters)
    fill_initial(std::span<Real>(data + p.offset, static_cast<std::size_t>(p.size())), p, seed);
}

// Tensors of a layer stand together, layer after layer, between those of both ends.
std::vector<std::int64_t> offsets_of_layers(const ParameterTable& table) {
  std::vector<std::int64_t> offsets;
  std::string layer;
  for (const Parameter& p : table.parameters) {
    std::string of_this;
    if (p.name.starts_with("layers.")) of_this = p.name.substr(0, p.name.find('.', 7));
    if (of_this != layer) offsets.push_back(p.offset);
    layer = of_this;
  }
  if (!layer.empty()) offsets.push_back(table.buffer_size);  // nothing follows the last
  return offsets;
}

class Places {
 public:
  Places(const ModelSpec& spec, const ParameterBuffers& buffers) : spec_(spec), buffers_(buffers) {}

  NormWeights norm(const std::string& name) const {
    return {buffers_.weight(name + ".scale"), buffers_.weight(name + ".bias")};
  }

  AttentionWeights attention(const std::string& layer) const {
    const std::string name = layer + "attention.";
    const std::string first = name + (spec_.shared_qk == SharedQk::No ? "query" : "key");
    AttentionWeights weights;
    weights.norm = norm(name + "norm");
    weights.norm_after = norm(name + "norm_after");
    weights.query = buffers_.weight(name + "query");
    weights.key = buffers_.weight(name + "key");
    weights.value = buffers_.weight(name + "value");
    weights.query_from_key = buffers_.weight(name + "query_from_key");
    weights.query_bias = buffers_.weight(name + "query_bias");
    weights.key_bias = buffers_.weight(name + "key_bias");
    weights.value_bias = buffers_.weight(name + "value_bias");
    weights.output_bias = buffers_.weight(name + "output_bias");
    weights.query_convolution = taps(name + "query_convolution.");
    weights.key_convolution = taps(name + "key_convolution.");
    weights.value_convolution = taps(name + "value_convolution.");
    weights.output = buffers_.weight(name + "output");
    weights.rezero = buffers_.weight(name + "rezero");
    weights.projections = buffers_.group(first, name + "value", {-1, spec_.d_model});
    weights.projection_biases = buffers_.group(first + "_bias", name + "value_bias", {-1});
    weights.convolutions = convolutions(name, weights);
    return weights;
  }

  FeedForwardWeights feed_forward(const std::string& layer) const {
    const std::string name = layer + "feed_forward.";
    const std::string first = name + (spec_.gated ? "gate" : "in");
    FeedForwardWeights weights;
    weights.norm = norm(name + "norm");
    weights.norm_after = norm(name + "norm_after");
    weights.gate = buffers_.weight(name + "gate");
    weights.gate_bias = buffers_.weight(name + "gate_bias");
    weights.in = buffers_.weight(name + "in");
    weights.in_bias = buffers_.weight(name + "in_bias");
    weights.out = buffers_.weight(name + "out");
    weights.out_bias = buffers_.weight(name + "out_bias");
    weights.rezero = buffers_.weight(name + "rezero");
    weights.hidden = buffers_.group(first, name + "in", {-1, spec_.d_model});
    weights.hidden_bias = buffers_.group(first + "_bias", name + "in_bias", {-1});
    return weights;
  }

 private:
  std::vector<Weight> taps(const std::string& name) const {
    std::vector<Weight> weights;
    for (std::int64_t tap = 0; tap < spec_.convolution_width; ++tap) {
      Weight weight = buffers_.weight(name + std::to_string(tap));
      if (weight.value.defined()) weights.push_back(std::move(weight));
    }
    return weights;
  }

  Weight convolutions(const std::string& name, const AttentionWeights& weights) const {
    std::vector<std::string> parts;
    std::int64_t channels = -1;
    for (const auto& [part, of_part] : {std::pair{"query", &weights.query_convolution},
                                        {"key", &weights.key_convolution},
                                        {"value", &weights.value_convolution}}) {
      if (of_part->empty()) continue;
      const std::int64_t here = of_part->front().value.size(0);
      if (channels >= 0 && here != channels) return {};
      channels = here;
      parts.push_back(name + part + "_convolution.");
    }
    if (parts.empty()) return {};
    return buffers_.group(
        parts.front() + "0", parts.back() + std::to_string(spec_.convolution_width - 1),
        {static_cast<std::int64_t>(parts.size()), spec_.convolution_width, channels});
  }

  const ModelSpec& spec_;
  const ParameterBuffers& buffers_;
};

}  // namespace

at::ScalarType master_type(Precision precision) {
  return precision == Precision::Float64 ? at::kDouble : at::kFloat;
}

ParameterBuffers::ParameterBuffers(ParameterTable table, std::uint64_t seed, Precision precision)
    : table_(std::move(table)),
      layer_offsets_(offsets_of_layers(table_)),
      weights_(at::zeros({table_.buffer_size}, master_type(precision))),
      gradients_(at::zeros_like(weights_)) {
  if (precision == Precision::BFloat16) rounded_ = at::zeros({table_.buffer_size}, at::kBFloat16);
  for (std::size_t i = 0; i < table_.parameters.size(); ++i)
    index_.emplace(table_.parameters[i].name, i);
  if (precision == Precision::Float64)
    fill<double>(weights_, table_, seed);
  else
    fill<float>(weights_, table_, seed);
}

const Parameter* ParameterBuffers::find(const std::string& name) const {
  const auto at = index_.find(name);
  return at == index_.end() ? nullptr : &table_.parameters[at->second];
}

ParameterBuffers ParameterBuffers::with_own_gradients() const {
  ParameterBuffers other(*this);
  other.gradients_ = at::zeros_like(gradients_);
  return other;
}

void ParameterBuffers::round_weights() const {
  if (rounded_.defined()) at::Tensor(rounded_).copy_(weights_);
}

Weight ParameterBuffers::view(std::int64_t offset, std::int64_t size, at::IntArrayRef shape) const {
  const auto part = [&](const at::Tensor& buffer) {
    return buffer.defined() ? buffer.narrow(0, offset, size).view(shape) : at::Tensor();
  };
  return {part(weights_), part(gradients_), part(rounded_)};
}

Weight ParameterBuffers::weight(const std::string& name) const {
  const Parameter* p = find(name);
  if (!p) return {};
  Weight weight = view(p->offset, p->size(), p->shape);
  weight.value.set_requires_grad(true);
  weight.value.mutable_grad() = weight.gradient;
  return weight;
}

Weight ParameterBuffers::group(const std::string& first, const std::string& last,
                               const std::vector<std::int64_t>& shape) const {
  const Parameter *begin = find(first), *end = find(last);
  if (!begin || !end) return {};
  return view(begin->offset, end->offset + end->size() - begin->offset, shape);
}

DecoderWeights decoder_weights(const ModelSpec& spec, const ParameterBuffers& buffers) {
  const Places places(spec, buffers);
  DecoderWeights weights;
  weights.embedding = buffers.weight("embedding");
  weights.relative_bias = buffers.weight("relative_bias");
  weights.position_embedding = buffers.weight("position_embedding");
  weights.output = spec.tied ? weights.embedding : buffers.weight("output");
  for (std::int64_t i = 0; i < spec.layers; ++i) {
    const std::string layer = "layers." + std::to_string(i) + ".";
    weights.layers.push_back({places.attention(layer), places.feed_forward(layer)});
  }
  weights.final_norm = places.norm("final_norm");
  return weights;
}

}  // namespace isoloss
