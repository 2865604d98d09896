// The parameter table's tensors as views into one flat weight buffer and one flat gradient buffer.
// Buffers start on 64-byte boundaries and live as long as any view. Padding stays zero. With
// Precision::BFloat16 both are float32, and a third buffer holds the weights as bfloat16.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/kernels/cpu/weights.h"
#include "model/layers/language_model.h"
#include "model/spec/parameters.h"

namespace isoloss {

// Of weights and gradients.
at::ScalarType master_type(Precision precision);

class ParameterBuffers {
 public:
  // Allocates them and fills the weights from (seed, name, index).
  ParameterBuffers(ParameterTable table, std::uint64_t seed, Precision precision);

  // The same weights beside a gradient buffer of its own, for a part of a step.
  ParameterBuffers with_own_gradients() const;

  // Brings the bfloat16 copy, where there is one, up to date with the weights.
  void round_weights() const;

  const ParameterTable& table() const { return table_; }
  const at::Tensor& weights() const { return weights_; }
  const at::Tensor& gradients() const { return gradients_; }

  // First element of each layer's tensors, and of what follows the last layer's.
  const std::vector<std::int64_t>& layer_offsets() const { return layer_offsets_; }

  // One tensor of the table: a leaf that requires gradients, its .grad preset to the view beside
  // it. Undefined where the table has no such tensor.
  Weight weight(const std::string& name) const;

  // Adjacent tensors of the table, first to last, as one tensor of `shape` (plain views, not
  // leaves). Undefined where the table lacks one of the two.
  Weight group(const std::string& first, const std::string& last,
               const std::vector<std::int64_t>& shape) const;

 private:
  Weight view(std::int64_t offset, std::int64_t size, at::IntArrayRef shape) const;
  const Parameter* find(const std::string& name) const;

  ParameterTable table_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::int64_t> layer_offsets_;
  at::Tensor weights_;
  at::Tensor gradients_;
  at::Tensor rounded_;  // undefined but for BFloat16
};

// Every tensor of the spec's decoder by its place.
DecoderWeights decoder_weights(const ModelSpec& spec, const ParameterBuffers& buffers);

}  // namespace isoloss
