// The whole decoder on the device: embedding, sub-layers, output layer and loss, forward and
// backward, as work on a stream over memory that is planned once (in plain operations
// model/layers/decoder.h). Nothing here allocates on the device or waits for it.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "model/device/sub_layer.h"
#include "model/kernels/cuda/cross_entropy.h"
#include "model/kernels/cuda/embedding.h"

namespace isoloss {

// Constants of a spec and a length, made on the host once.
struct DeviceTables {
  DeviceTables(const ModelSpec& spec, std::int64_t length);

  DistanceBuckets buckets;            // relative positions
  DeviceArray<float> rotary, timing;  // rotary and sinusoidal positions
};

// The tokens of one pass: targets [tokens], and their embedding_index() where a backward pass
// follows.
struct DeviceTokens {
  const std::int32_t* targets = nullptr;
  const std::int32_t* index = nullptr;
};

template <typename T>
class DeviceDecoder {
 public:
  // `spec` is part_of() the model's, and `vocabulary` the ids that it has, of all ranks'. Over
  // `layout` without memory it only lists what it would take; `tables` may then be null.
  // `recomputes`: of each layer but the last its input alone is kept, and the rest is computed once
  // more before its backward pass (Chen et al. 2016, arXiv 1604.06174); results have the same bits.
  DeviceDecoder(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
                const TensorRanks& tensor, const device::VocabularyPart& vocabulary,
                const DeviceTables* tables, bool recomputes, MemoryLayout& layout);

  // losses [tokens]: cross-entropy of each target in nats, from float32 logits.
  void losses(const DeviceStep& step, const DeviceTokens& tokens, float* losses);
  // The same from logits of type T, and adds to the gradients those of
  // weight * sum of (losses + z_loss log(Z)^2). `ready`, if any, is called once what is on the
  // stream leaves the gradients of layer i's tensors and of all after them final, with i from the
  // number of layers (what follows the last) to 0.
  void gradients(const DeviceStep& step, const DeviceTokens& tokens, float weight, float z_loss,
                 float* losses, const std::function<void(std::size_t)>& ready);

 private:
  struct Layer {
    SubLayer<T, AttentionBranch<T>> attention;
    SubLayer<T, FeedForwardBranch<T>> feed_forward;
  };

  void add_layers(const ModelSpec& spec, const DeviceRows& rows, const DeviceTensors<T>& tensors,
                  const TensorRanks& tensor, MemoryLayout& layout);
  // Everything below the output layer.
  void forward(const DeviceStep& step, const std::int32_t* targets);
  void backward(const DeviceStep& step, const std::int32_t* index,
                const std::function<void(std::size_t)>& ready);
  // Calls work(first row, rows) for chunks of as many rows as have room for their logits.
  template <typename Logit, typename Work>
  void for_each_chunk(const DeviceStep& step, const Work& work) const;
  ProductShape output_shape(const DeviceStep& step, std::int64_t rows) const;
  device::EmbeddingShape embedding_shape(const DeviceStep& step) const;
  device::LogitsShape logits_shape(std::int64_t rows) const;
  // What all ranks' logits of a chunk say of its rows, to all ranks: row_parts_ is filled.
  template <typename Logit>
  void exchange_rows(const DeviceStep& step, std::int64_t rows, const Logit* logits,
                     const std::int32_t* targets);

  DeviceTensor<T> embedding_, positions_, output_;
  float output_factor_;  // of what the output layer reads
  device::VocabularyPart vocabulary_;
  PositionTables<T> tables_;
  const float* timing_ = nullptr;
  bool recomputes_;
  float* embedded_;
  StreamTemporaries<T> temporaries_;
  std::vector<Layer> layers_;
  StreamReader<T> top_;  // what the output layer reads
  const T* read_ = nullptr;
  std::int64_t logits_stride_;
  std::byte* logits_;
  float* row_parts_ = nullptr;  // of cross_entropy_part(), by rank, where there are several
  T* d_read_;
  StreamGradient gradient_;
  float* embedding_sums_;
};

}  // namespace isoloss
