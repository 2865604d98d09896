// The group of one process: every operation is done already.
#pragma once
#include "model/parallel/communicator.h"

namespace isoloss {

class SelfCommunicator final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void barrier() override {}
  void broadcast(std::span<std::byte>, int) override {}
  void all_reduce_sum(std::span<float>) override {}
  void all_reduce_sum(std::span<double>) override {}
};

}  // namespace isoloss
