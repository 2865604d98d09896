// What attention adds to the residual stream, on the device, forward and backward: projections,
// convolutions, rotary positions, attention itself and its output projection, by the spec's
// switches. Its plain version is model/layers/attention.h's.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "model/device/device_step.h"
#include "model/device/device_tensors.h"
#include "model/device/memory_layout.h"
#include "model/kernels/cuda/attention.h"
#include "model/kernels/cuda/depthwise_convolution.h"
#include "model/kernels/cuda/rotary.h"

namespace isoloss {

// What all layers share of positions.
template <typename T>
struct PositionTables {
  DeviceTensor<T> relative_bias;             // null without relative positions
  const DistanceBuckets* buckets = nullptr;  // likewise
  float* bias_by_distance = nullptr;         // likewise; of spread_bias(), made anew every step
  const float* rotary = nullptr;             // of rotary_table(), null without rotary positions
};

// Gradients of one layer's activations while its backward pass runs; layers use them in turn.
template <typename T>
struct AttentionTemporaries {
  AttentionTemporaries(const ModelSpec& spec, const DeviceRows& rows, const TensorRanks& tensor,
                       MemoryLayout& layout);

  T *d_mixed, *d_projected, *d_convolved = nullptr, *d_query = nullptr;
  T* d_keys_of_all = nullptr;  // where queries are made of all tensor ranks' keys
  float *attention, *sums;
};

template <typename T>
class AttentionBranch {
 public:
  // `prefix` is "layers.i.attention."
  AttentionBranch(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
                  const std::string& prefix, const TensorRanks& tensor,
                  const PositionTables<T>& positions, const AttentionTemporaries<T>& temporaries,
                  MemoryLayout& layout);

  // result = F(x) (of several tensor ranks this one's part of the sum), [tokens, d_model] as x,
  // without the output bias but where `adds_bias`. Null: what backward() wants is left, and no
  // more.
  void forward(const DeviceStep& step, const T* x, T* result, bool adds_bias);
  // d_x from the gradient of F(x), and what the weights get, the output bias where `adds_bias`,
  // added to their gradients. Wants what forward() left. The sum of d_x over the tensor ranks is
  // under way then, beside the gradients of the weights that read x: step.sum_beside.end() waits
  // for it.
  void backward(const DeviceStep& step, const T* x, const T* d_result, T* d_x, bool adds_bias);
  const DeviceTensor<T>& output_bias() const { return output_bias_; }

 private:
  // Q, K and V inside their buffers.
  template <typename Value>
  struct Heads {
    HeadColumns<Value> query, key, value;
  };
  Heads<T> heads(T* parts, T* query_from_key) const;
  AttentionInputs<T> inputs() const;
  ProductShape query_shape(const DeviceStep& step) const;
  // Queries of keys that were not turned yet, and the gradients of these keys and of the matrix.
  void make_queries(const DeviceStep& step);
  void make_queries_backward(const DeviceStep& step, const Heads<T>& gradients);
  void turn(const DeviceStep& step, std::int64_t heads, device::Turn turn,
            const HeadColumns<T>& x) const;

  DeviceTensor<T> projections_, projection_biases_, query_from_key_, output_, output_bias_;
  std::int64_t query_width_;        // heads * d_head
  std::int64_t kv_width_;           // of keys, and of values
  std::int64_t projected_width_;    // of all projections beside each other
  bool convolves_;                  // whether anything lies between projection and attention
  std::array<float*, 3> d_taps_{};  // filled with the shape
  device::ConvolutionShape convolution_;
  PositionTables<T> positions_;
  AttentionTemporaries<T> temporaries_;
  T *projected_, *convolved_ = nullptr, *made_query_ = nullptr, *mixed_;
  T* keys_of_all_ = nullptr;  // [tokens, all ranks' heads], as above
  float* kept_;
};

}  // namespace isoloss
