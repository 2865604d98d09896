// The seam between the rooms and whatever joins processes: a group of ranks and the few collective
// operations on it. Its leaves (one process, MPI) live in harness. Every rank of the group calls
// each operation in the same order, one at a time; a failed one throws WorkError.
#pragma once
#include <cstddef>
#include <memory>
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
  // Puts every rank's `mine` one after the other, by rank, into `all` of size() times its length.
  virtual void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) = 0;
  // Replaces each element by its sum over ranks, added in the order of ranks, so that every rank
  // holds the same bits and equal inputs always give equal sums.
  virtual void all_reduce_sum(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<double> values) = 0;
  // Replaces each element by the largest of all ranks.
  virtual void all_reduce_max(std::span<float> values) = 0;
  virtual void all_reduce_max(std::span<double> values) = 0;

  // The group of the given ranks of this one, in that order; called by these ranks alone.
  // Operations of different groups may run at the same time, each on a thread of its own.
  virtual std::unique_ptr<Communicator> group(std::span<const int> members) = 0;
};

}  // namespace isoloss
