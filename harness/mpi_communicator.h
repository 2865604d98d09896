// The ranks of the MPI job that this process was started in. MPI is initialised by the constructor
// and ended by the destructor; a process alone never makes one of these and never calls MPI.
#pragma once
#include <memory>

#include "model/parallel/communicator.h"

namespace isoloss {

// Whether the environment says that mpirun or srun started this process as one of several ranks.
bool started_by_mpi();

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator();
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void barrier() override;
  void broadcast(std::span<std::byte> bytes, int root) override;
  void all_reduce_sum(std::span<float> values) override;
  void all_reduce_sum(std::span<double> values) override;

 private:
  int rank_ = 0;
  int size_ = 1;
};

// The job's communicator where there is one, else the group of one.
std::unique_ptr<Communicator> make_communicator();

}  // namespace isoloss
