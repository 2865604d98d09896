// How ranks that hold the same model make its update between them: each has the optimizer's state
// of its share of whole tensors, updates these from the ranks' mean gradients, and hands out their
// weights (ZeRO-1: Rajbhandari et al. 2020, arXiv 1910.02054, section 5.1). The norm is that of all
// gradients, from the same squares of pieces in the same order as on one rank, so that weights have
// the bits of an update that each rank makes alone. Tensor ranks, each of which has other
// gradients, add up their squares.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/device/device_model.h"
#include "model/kernels/cuda/update_table.h"
#include "model/parallel/device_communicator.h"
#include "model/spec/tensor_shares.h"

namespace isoloss {

struct SharedUpdate {
  std::vector<ParameterTable> shares;  // share_out() over the ranks of `data`; empty: not shared
  DeviceCommunicator* data = nullptr;  // outlives the training
};

// From the first element of each share to its last, by rank: the parts in which gradients are
// added up and weights are handed out.
std::vector<ElementRange> ranges_of(std::span<const ParameterTable> shares);

class UpdateExchange {
 public:
  // `min_dim_factored` as update_table() has it. InputError where there are not as many shares as
  // ranks.
  UpdateExchange(const DeviceModel& model, const SharedUpdate& shared,
                 std::int64_t min_dim_factored);

  // The tensors that this rank updates.
  const ParameterTable& mine() const { return mine_; }
  bool shared() const { return data_ != nullptr; }

  // Squares whose sum is that of all gradients, on the device, from those of this rank's pieces.
  std::span<const float> squares(Stream& stream, std::span<const float> own);
  // Weights of every rank's share to all ranks, and the rounded copy of them all.
  void hand_out(Stream& stream, const DeviceModel::Buffers& weights);

  std::int64_t bytes() const;  // of memory

 private:
  void share(const SharedUpdate& shared, std::int64_t min_dim_factored);

  ParameterTable mine_;
  std::int64_t elements_;
  TensorRanks tensor_;
  DeviceCommunicator* data_ = nullptr;
  std::vector<ElementRange> elements_of_ranks_, pieces_of_ranks_;
  DeviceArray<float> squares_;  // none where this rank has all gradients
};

}  // namespace isoloss
