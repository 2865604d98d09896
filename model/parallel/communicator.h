// The seam between the rooms and whatever joins processes: a group of ranks and the few collective
// operations on it. Its leaves (one process, MPI) live in harness. Every rank of the group calls
// each operation in the same order; a failed one throws WorkError.
#pragma once
#include <cstddef>
#include <span>

namespace isoloss {

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Returns on no rank before all ranks have come.
  virtual void barrier() = 0;
  // Copies `bytes` of `root` to all; every rank passes the same length.
  virtual void broadcast(std::span<std::byte> bytes, int root) = 0;
  // Replaces each element by its sum over ranks, added in the order of ranks, so that every rank
  // holds the same bits and equal inputs always give equal sums.
  virtual void all_reduce_sum(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<double> values) = 0;
};

}  // namespace isoloss
