#include "harness/ranks/mpi_communicator.h"

#include <mpi.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <vector>

#include "harness/ranks/mpi_wait.h"
#include "harness/ranks/self_communicator.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Elements sent in one call: far below the int that MPI counts with, and a bound on the memory that
// the gathered parts take.
constexpr std::size_t kChunk = std::size_t{1} << 20;

template <typename Real>
MPI_Datatype type_of() {
  return sizeof(Real) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
}

// A set of ranks and its operations; who made the MPI communicator frees it.
class MpiGroup : public Communicator {
 public:
  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void barrier() override {
    MPI_Request arrived = MPI_REQUEST_NULL;
    check_mpi(MPI_Ibarrier(ranks_, &arrived), "MPI_Ibarrier");
    wait_for({&arrived, 1}, "MPI_Ibarrier");
  }

  void broadcast(std::span<std::byte> bytes, int root) override {
    for (std::size_t first = 0; first < bytes.size(); first += INT_MAX) {
      const auto part = bytes.subspan(first, std::min<std::size_t>(INT_MAX, bytes.size() - first));
      MPI_Request copied = MPI_REQUEST_NULL;
      check_mpi(
          MPI_Ibcast(part.data(), static_cast<int>(part.size()), MPI_BYTE, root, ranks_, &copied),
          "MPI_Ibcast");
      wait_for({&copied, 1}, "MPI_Ibcast");
    }
  }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    const auto ranks = static_cast<std::size_t>(size_);
    std::vector<std::byte> gathered;
    for (std::size_t first = 0; first < mine.size(); first += kChunk) {
      const auto part = mine.subspan(first, std::min(kChunk, mine.size() - first));
      const auto count = static_cast<int>(part.size());
      gathered.resize(part.size() * ranks);
      MPI_Request came = MPI_REQUEST_NULL;
      check_mpi(MPI_Iallgather(part.data(), count, MPI_BYTE, gathered.data(), count, MPI_BYTE,
                               ranks_, &came),
                "MPI_Iallgather");
      wait_for({&came, 1}, "MPI_Iallgather");
      for (std::size_t r = 0; r < ranks; ++r)
        std::copy_n(gathered.data() + r * part.size(), part.size(),
                    all.data() + r * mine.size() + first);
    }
  }

  void all_reduce_sum(std::span<float> values) override { sum_in_rank_order(values); }
  void all_reduce_sum(std::span<double> values) override { sum_in_rank_order(values); }
  void all_reduce_max(std::span<float> values) override { largest(values); }
  void all_reduce_max(std::span<double> values) override { largest(values); }
  std::unique_ptr<Communicator> group(std::span<const int> members) override;

 protected:
  void use(MPI_Comm ranks) {
    ranks_ = ranks;
    check_mpi(MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check_mpi(MPI_Comm_rank(ranks_, &rank_), "MPI_Comm_rank");
    check_mpi(MPI_Comm_size(ranks_, &size_), "MPI_Comm_size");
  }
  MPI_Comm ranks_ = MPI_COMM_NULL;

 private:
  // Each rank adds up its share of the elements, in the order of ranks, and sends the sums to all.
  template <typename Real>
  void sum_in_rank_order(std::span<Real> values) {
    std::vector<Real> came, sums;
    for (std::size_t first = 0; first < values.size(); first += kChunk) {
      const auto part = values.subspan(first, std::min(kChunk, values.size() - first));
      const std::size_t most =
          (part.size() + static_cast<std::size_t>(size_) - 1) / static_cast<std::size_t>(size_);
      const auto share_of = [&](int rank) {
        const std::size_t begin = std::min(part.size(), static_cast<std::size_t>(rank) * most);
        return part.subspan(begin, std::min(most, part.size() - begin));
      };
      const std::span<Real> mine = share_of(rank_);
      came.resize(mine.size() * static_cast<std::size_t>(size_));
      const auto from = [&](int rank) {
        return std::span(came).subspan(static_cast<std::size_t>(rank) * mine.size(), mine.size());
      };
      std::ranges::copy(mine, from(rank_).begin());
      with_others<Real>(share_of, from);
      sums.assign(from(0).begin(), from(0).end());
      for (int rank = 1; rank < size_; ++rank)
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += from(rank)[i];
      std::ranges::copy(sums, mine.begin());
      with_others<Real>([&](int) { return mine; }, share_of);
    }
  }

  // Sends each other rank `sent(rank)` and receives `came(rank)` from it: straight from rank to
  // rank, which is faster between processes of a machine than MPI's exchanges that do not block.
  template <typename Real, typename Sent, typename Came>
  void with_others(const Sent& sent, const Came& came) {
    requests_.clear();
    for (int distance = 1; distance < size_; ++distance) {
      const int other = (rank_ + distance) % size_;
      const std::span<Real> part = came(other);
      check_mpi(MPI_Irecv(part.data(), static_cast<int>(part.size()), type_of<Real>(), other, 0,
                          ranks_, &requests_.emplace_back(MPI_REQUEST_NULL)),
                "MPI_Irecv");
    }
    for (int distance = 1; distance < size_; ++distance) {
      const int other = (rank_ + size_ - distance) % size_;
      const std::span<Real> part = sent(other);
      check_mpi(MPI_Isend(part.data(), static_cast<int>(part.size()), type_of<Real>(), other, 0,
                          ranks_, &requests_.emplace_back(MPI_REQUEST_NULL)),
                "MPI_Isend");
    }
    wait_for(requests_, "a sum over ranks");
  }

  template <typename Real>
  void largest(std::span<Real> values) {
    for (std::size_t first = 0; first < values.size(); first += kChunk) {
      const auto part = values.subspan(first, std::min(kChunk, values.size() - first));
      MPI_Request found = MPI_REQUEST_NULL;
      check_mpi(MPI_Iallreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()),
                               type_of<Real>(), MPI_MAX, ranks_, &found),
                "MPI_Iallreduce");
      wait_for({&found, 1}, "MPI_Iallreduce");
    }
  }

  int rank_ = 0;
  int size_ = 1;
  std::vector<MPI_Request> requests_;
};

class MpiSubgroup final : public MpiGroup {
 public:
  explicit MpiSubgroup(MPI_Comm ranks) { use(ranks); }
  ~MpiSubgroup() override { MPI_Comm_free(&ranks_); }
  MpiSubgroup(const MpiSubgroup&) = delete;
  MpiSubgroup& operator=(const MpiSubgroup&) = delete;
};

std::unique_ptr<Communicator> MpiGroup::group(std::span<const int> members) {
  if (members.size() == 1) return std::make_unique<SelfCommunicator>();
  MPI_Group all = MPI_GROUP_NULL, chosen = MPI_GROUP_NULL;
  MPI_Comm made = MPI_COMM_NULL;
  check_mpi(MPI_Comm_group(ranks_, &all), "MPI_Comm_group");
  check_mpi(MPI_Group_incl(all, static_cast<int>(members.size()), members.data(), &chosen),
            "MPI_Group_incl");
  // Groups that are made at the same time have different first members: their messages do not meet.
  check_mpi(MPI_Comm_create_group(ranks_, chosen, members.front(), &made), "MPI_Comm_create_group");
  check_mpi(MPI_Group_free(&chosen), "MPI_Group_free");
  check_mpi(MPI_Group_free(&all), "MPI_Group_free");
  return std::make_unique<MpiSubgroup>(made);
}

class MpiJob final : public MpiGroup {
 public:
  MpiJob() {
    int provided = 0;
    // Multiple: gradients are reduced on a thread of their own while the backward pass runs.
    check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
    if (provided < MPI_THREAD_MULTIPLE) {
      throw WorkError(
          "this MPI does not let several threads call it (MPI_THREAD_MULTIPLE is missing); use one "
          "that was built with it");
    }
    use(MPI_COMM_WORLD);
  }
  ~MpiJob() override { MPI_Finalize(); }
  MpiJob(const MpiJob&) = delete;
  MpiJob& operator=(const MpiJob&) = delete;
};

}  // namespace

bool started_by_mpi() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && std::atoi(value) > 1) return true;
  }
  return false;
}

std::unique_ptr<Communicator> make_communicator() {
  if (started_by_mpi()) return std::make_unique<MpiJob>();
  return std::make_unique<SelfCommunicator>();
}

}  // namespace isoloss
