// The ranks that share a model's heads, hidden channels and vocabulary (tensor parallelism: Shoeybi
// et al. 2019, arXiv 1909.08053), as a step on the device of one of them sees them. Each has its
// shard of the parameter table (model/spec/shard.h); all have the residual stream, and what a
// sub-layer adds to it is the sum of what they give, going forward and back (in plain operations
// model/parallel/tensor_parallel.h).
#pragma once
#include <cstdint>

#include "model/kernels/cuda/bfloat16.h"
#include "model/kernels/cuda/device.h"
#include "model/kernels/cuda/embedding_index.h"
#include "model/parallel/device_communicator.h"
#include "model/spec/model_spec.h"
#include "model/spec/shard.h"

namespace isoloss {

struct TensorRanks {
  Shard shard;  // of one rank: the whole model
  DeviceCommunicator* group =
      nullptr;  // of shard.ranks ranks; outlives the model, and graphs of it

  bool alone() const { return shard.ranks == 1; }
  // Whether this rank gives what is to be counted once.
  bool leads() const { return shard.rank == 0; }

  // Puts on the stream: every rank's `values` become their sum. Nothing where there is one rank.
  void sum(Stream& stream, float* values, std::int64_t count) const;
  void sum(Stream& stream, simt::Bf16* values, std::int64_t count) const;
};

// A sum over the ranks that share a model beside other work of the step: it begins after what is on
// the step's stream when it is put, and what is put there after end() finds it. One at a time.
class SumBeside {
 public:
  template <typename T>
  void begin(const TensorRanks& ranks, Stream& stream, T* values, std::int64_t count) {
    if (ranks.alone()) return;
    before_.record(stream);
    side_.wait(before_);
    ranks.sum(side_, values, count);
    after_.record(side_);
    under_way_ = true;
  }
  void end(Stream& stream) {
    if (under_way_) stream.wait(after_);
    under_way_ = false;
  }

 private:
  Stream side_;
  Event before_, after_;
  bool under_way_ = false;
};

// spec_of_shard(). InputError as check_device_shards().
ModelSpec part_of(const ModelSpec& spec, const Shard& shard);

device::VocabularyPart vocabulary_part(const ModelSpec& spec, const Shard& shard);

}  // namespace isoloss
