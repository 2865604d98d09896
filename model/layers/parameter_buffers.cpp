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

class Places {
 public:
  Places(const ModelSpec& spec, const ParameterBuffers& buffers) : spec_(spec), buffers_(buffers) {}

  NormWeights norm(const std::string& name) const {
    NormWeights weights;
    weights.scale = buffers_.weight(name + ".scale");
    if (spec_.norm != Norm::Rms) weights.bias = buffers_.weight(name + ".bias");
    return weights;
  }

  AttentionWeights attention(const std::string& layer) const {
    const std::string name = layer + "attention.";
    const std::int64_t width = attention_width(spec_);
    const std::int64_t parts = spec_.shared_qk ? 2 : 3;
    const std::string first = name + (spec_.shared_qk ? "key" : "query");
    AttentionWeights weights;
    weights.norm = norm(name + "norm");
    weights.key = buffers_.weight(name + "key");
    weights.value = buffers_.weight(name + "value");
    if (spec_.shared_qk)
      weights.query_from_key = buffers_.weight(name + "query_from_key");
    else
      weights.query = buffers_.weight(name + "query");
    weights.output = buffers_.weight(name + "output");
    weights.projections = buffers_.group(first, name + "value", {parts * width, spec_.d_model});
    if (spec_.convolution_width == 0) return weights;
    if (!spec_.shared_qk) weights.query_convolution = taps(name + "query_convolution.");
    weights.key_convolution = taps(name + "key_convolution.");
    weights.value_convolution = taps(name + "value_convolution.");
    const std::string last = std::to_string(spec_.convolution_width - 1);
    weights.convolutions =
        buffers_.group(first + "_convolution.0", name + "value_convolution." + last,
                       {parts, spec_.convolution_width, width});
    return weights;
  }

  FeedForwardWeights feed_forward(const std::string& layer) const {
    const std::string name = layer + "feed_forward.";
    const std::int64_t hidden = feed_forward_width(spec_) * (spec_.gated ? 2 : 1);
    const std::string first = name + (spec_.gated ? "gate" : "in");
    FeedForwardWeights weights;
    weights.norm = norm(name + "norm");
    if (spec_.gated) weights.gate = buffers_.weight(name + "gate");
    if (spec_.gated) weights.gate_bias = buffers_.weight(name + "gate_bias");
    weights.in = buffers_.weight(name + "in");
    weights.in_bias = buffers_.weight(name + "in_bias");
    weights.out = buffers_.weight(name + "out");
    weights.out_bias = buffers_.weight(name + "out_bias");
    weights.hidden = buffers_.group(first, name + "in", {hidden, spec_.d_model});
    weights.hidden_bias = buffers_.group(first + "_bias", name + "in_bias", {hidden});
    return weights;
  }

 private:
  std::vector<Weight> taps(const std::string& name) const {
    std::vector<Weight> weights;
    for (std::int64_t tap = 0; tap < spec_.convolution_width; ++tap)
      weights.push_back(buffers_.weight(name + std::to_string(tap)));
    return weights;
  }

  const ModelSpec& spec_;
  const ParameterBuffers& buffers_;
};

}  // namespace

ParameterBuffers::ParameterBuffers(ParameterTable table, std::uint64_t seed, at::ScalarType type)
    : table_(std::move(table)),
      weights_(at::zeros({table_.buffer_size}, type)),
      gradients_(at::zeros({table_.buffer_size}, type)) {
  for (std::size_t i = 0; i < table_.parameters.size(); ++i)
    index_.emplace(table_.parameters[i].name, i);
  if (type == at::kDouble)
    fill<double>(weights_, table_, seed);
  else
    fill<float>(weights_, table_, seed);
}

const Parameter& ParameterBuffers::find(const std::string& name) const {
  return table_.parameters[index_.at(name)];
}

Weight ParameterBuffers::weight(const std::string& name) const {
  const Parameter& p = find(name);
  Weight weight{weights_.narrow(0, p.offset, p.size()).view(p.shape),
                gradients_.narrow(0, p.offset, p.size()).view(p.shape)};
  weight.value.set_requires_grad(true);
  weight.value.mutable_grad() = weight.gradient;
  return weight;
}

Weight ParameterBuffers::group(const std::string& first, const std::string& last,
                               const std::vector<std::int64_t>& shape) const {
  const std::int64_t begin = find(first).offset;
  const std::int64_t size = find(last).offset + find(last).size() - begin;
  return {weights_.narrow(0, begin, size).view(shape),
          gradients_.narrow(0, begin, size).view(shape)};
}

DecoderWeights decoder_weights(const ModelSpec& spec, const ParameterBuffers& buffers) {
  const Places places(spec, buffers);
  DecoderWeights weights;
  weights.embedding = buffers.weight("embedding");
  weights.relative_bias = buffers.weight("relative_bias");
  for (std::int64_t i = 0; i < spec.layers; ++i) {
    const std::string layer = "layers." + std::to_string(i) + ".";
    weights.layers.push_back({places.attention(layer), places.feed_forward(layer)});
  }
  weights.final_norm = places.norm("final_norm");
  return weights;
}

}  // namespace isoloss
