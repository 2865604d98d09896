// The ranks that train one run together, tensor x data: `tensor` neighbours share a model, and the
// groups of them share a batch. Every rank stands in one tensor group and one data group.
#pragma once
#include <memory>
#include <string>

#include "model/parallel/communicator.h"
#include "sweeps/plan.h"

namespace isoloss {

struct RankLayout {
  int tensor = 1;
  int data = 1;

  int ranks() const { return tensor * data; }
  bool operator==(const RankLayout&) const = default;
};

// The layout of the plan's runs (sweeps/layout.h) in a job of `ranks` ranks of which at most
// `on_machine` share a machine like this one's memory: they make blocks of layout.ranks()
// neighbours, and each block trains one run at a time. InputError where a block would be cut.
RankLayout plan_layout(const StudyPlan& plan, int ranks, int on_machine);

// How many ranks of the job share a machine, at most; collective. `machine` names this rank's.
int ranks_on_machine(Communicator& job, const std::string& machine);
// This machine's name.
std::string host_name();

// The ranks of the block in which this rank of the job stands.
std::unique_ptr<Communicator> block_of(Communicator& job, const RankLayout& layout);

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
