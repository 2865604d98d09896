// The ranks that train one run together, tensor x data (sweeps/layout.h): `tensor` neighbours share
// a model, and the groups of them share a batch. Every rank stands in one tensor group and one data
// group. They are made by their members alone and dissolve when the run ends.
#pragma once
#include <memory>
#include <string>

#include "model/parallel/communicator.h"
#include "sweeps/layout.h"
#include "sweeps/rank_blocks.h"

namespace isoloss {

// How many ranks of the job share a machine, at most; collective. `machine` names this rank's.
int ranks_on_machine(Communicator& job, const std::string& machine);
// This machine's name.
std::string host_name();

// The ranks of the job in the order in which they make blocks that keep to a machine
// (sweeps/rank_blocks.h); collective. Absent where that is the job's own order.
std::unique_ptr<Communicator> in_block_order(Communicator& job, int unit,
                                             const std::string& machine);

// The widest block of the job in which this rank stands; collective over the block's ranks.
std::unique_ptr<Communicator> whole_block_of(Communicator& job, int unit);
// The half of the block in which this rank stands; collective over the half's ranks.
std::unique_ptr<Communicator> half_of(Communicator& block);

class RankGroups {
 public:
  RankGroups();  // one rank, alone
  // Collective over `all`, which has layout.ranks() ranks and outlives this.
  RankGroups(Communicator& all, const RankLayout& layout);

  Communicator& all() const { return *all_; }
  Communicator& tensor() const { return *tensor_; }
  Communicator& data() const { return *data_; }
  bool leads() const { return all_->rank() == 0; }

 private:
  std::unique_ptr<Communicator> own_;
  Communicator* all_;
  std::unique_ptr<Communicator> tensor_;
  std::unique_ptr<Communicator> data_;
};

}  // namespace isoloss
