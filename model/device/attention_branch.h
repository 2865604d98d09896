// What attention adds to the residual stream, on the device, forward and backward: projections,
// convolutions, rotary positions, the attention itself and its output projection, by the spec's
// switches. Its plain version is model/layers/attention.h's.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/device/device_step.h"
#include "model/device/device_tensors.h"
#include "model/device/memory_layout.h"
#include "model/kernels/cuda/attention.h"
#include "model/kernels/cuda/rotary.h"

namespace isoloss {

// What all layers share: the bias by distance, made once a step, and the angles of positions.
template <typename T>
struct SharedPositions {
  DeviceTensor<T> relative_bias;  // null without relative positions
  const DistanceBuckets* buckets = nullptr;
  float* bias_by_distance = nullptr;  // [heads, bias_row(length)]
  const RotaryTable* rotary = nullptr;
};

// Gradients of one layer's activations while its backward pass runs; layers use them in turn.
template <typename T>
struct AttentionScratch {
  AttentionScratch(const ModelSpec& spec, const DeviceRows& rows, MemoryLayout& layout);

  T *d_mixed, *d_projected, *d_convolved = nullptr, *d_query = nullptr;
  float* attention;
};

template <typename T>
class AttentionBranch {
 public:
  // `prefix` is "layers.i.attention."
  AttentionBranch(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
                  const std::string& prefix, const SharedPositions<T>& positions,
                  const AttentionScratch<T>& scratch, MemoryLayout& layout);

  // result = F(x) + addend, [tokens, d_model] as x; addend may be null.
  void forward(const DeviceStep& step, const T* x, float* result, const float* addend);
  // From the gradient of F(x) that of x, and the weights' added to the gradient buffer. Wants what
  // forward() left.
  void backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x);

 private:
  // Columns of the projections that belong to one of Q, K and V.
  struct Part {
    std::int64_t first = 0, width = 0;
    std::vector<DeviceTensor<T>> taps;  // empty: not convolved
  };
  HeadColumns<T> columns(const Part& part, T* projected, T* convolved) const;
  HeadColumns<T> query(T* projected, T* convolved, T* from_key) const;
  void rotate(const DeviceStep& step, const HeadColumns<T>& query, const HeadColumns<T>& key,
              RotaryDirection direction) const;
  CausalShape shape(const DeviceStep& step) const;
  ProductShape query_shape(const DeviceStep& step) const;

  DeviceTensor<T> projections_, projection_biases_, query_from_key_, output_, output_bias_;
  bool has_query_;
  std::int64_t width_, projected_width_;  // of the queries, and of all projections
  Part query_, key_, value_;              // query_ unused where queries come from keys
  const SharedPositions<T>& positions_;
  const AttentionScratch<T>& scratch_;
  T *projected_, *convolved_ = nullptr, *query_made_ = nullptr, *mixed_;
  float* kept_;
};

}  // namespace isoloss
