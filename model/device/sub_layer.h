// The frame that both sub-layers stand in, on the device: x + F(x) with the norms, the shift and
// the factors that the spec has around F, forward and backward (in plain operations residual() of
// model/layers/decoder.cpp).
#pragma once
#include <string>

#include "model/device/attention_branch.h"
#include "model/device/feed_forward_branch.h"
#include "model/device/stream_reader.h"

namespace isoloss {

// What sub-layers work in, in turn.
template <typename T>
struct StreamTemporaries {
  StreamTemporaries(const ModelSpec& spec, const DeviceRows& rows, MemoryLayout& layout);

  // [tokens, d_model]: F(x), its norm; the gradient of what is added to the stream, of F(x), and of
  // what F reads, before the shift and after it.
  T *branch, *normed, *d_branch, *d_result, *d_read, *d_shifted;
  float* norm;
};

// What a layer keeps from its forward pass to its backward pass where layers use all other memory
// in turn; null: of the layer's own memory.
template <typename T>
struct KeptOfLayer {
  float* below = nullptr;  // [tokens, d_model]: the stream that it reads
  float* above =
      nullptr;          // the stream that it leaves, where that is all that it leaves (post-norm)
  T* branch = nullptr;  // what its feed-forward adds: rezero's gradient reads it
};

// Whether a sub-layer adds what F gives itself, because a norm of the sum follows (post-norm); else
// whoever reads the stream next does.
bool norms_the_sum(const ModelSpec& spec);

enum class SubLayerKind { Attention, FeedForward };

// F is AttentionBranch<T> or FeedForwardBranch<T>.
template <typename T, typename F>
class SubLayer {
 public:
  // `prefix` is that of its tensors, "layers.i.attention." say; `lowest`: nothing is below it.
  SubLayer(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
           SubLayerKind kind, const std::string& prefix, bool lowest, F function,
           const StreamTemporaries<T>& temporaries, const KeptOfLayer<T>& kept,
           MemoryLayout& layout);

  StreamAbove<T> forward(const DeviceStep& step, const StreamAbove<T>& below);
  // For the lower of a layer's two: the same once more, from what forward() left in the memory that
  // the layer keeps.
  StreamAbove<T> again(const DeviceStep& step);
  // For the upper: what the backward pass wants, once more.
  void again_for_backward(const DeviceStep& step, const StreamAbove<T>& below);
  // Takes the stream's gradient from above to below. Wants the gradient of what forward() gave to
  // be added, where that says it is to be left.
  void backward(const DeviceStep& step, StreamGradient& gradient);

 private:
  // From what it reads on; `result` is branch_, or null: what the backward pass wants of F alone.
  StreamAbove<T> add(const DeviceStep& step, const T* read, T* result);

  StreamReader<T> reader_;
  DeviceNorm<T> norm_of_branch_, norm_of_sum_;
  F function_;
  StreamTemporaries<T> temporaries_;
  T *branch_, *normed_ = nullptr, *shifted_ = nullptr;
  const T* read_ = nullptr;
  AddedBranch<T> own_;
  float *sum_ = nullptr, *normed_sum_ = nullptr;
};

}  // namespace isoloss
