#include "harness/ranks/mpi_communicator.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <string>
#include <vector>

#include "harness/ranks/self_communicator.h"
#include "model/parallel/peer_lost.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw PeerLost(fmt::format("{} failed ({}); look for a rank that died before, and run again",
                             call, std::string(text.data(), static_cast<std::size_t>(length))));
}

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

  void barrier() override { check_mpi(MPI_Barrier(ranks_), "MPI_Barrier"); }

  void broadcast(std::span<std::byte> bytes, int root) override {
    for (std::size_t first = 0; first < bytes.size(); first += INT_MAX) {
      const auto part = bytes.subspan(first, std::min<std::size_t>(INT_MAX, bytes.size() - first));
      check_mpi(MPI_Bcast(part.data(), static_cast<int>(part.size()), MPI_BYTE, root, ranks_),
                "MPI_Bcast");
    }
  }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    const auto ranks = static_cast<std::size_t>(size_);
    std::vector<std::byte> gathered;
    for (std::size_t first = 0; first < mine.size(); first += kChunk) {
      const auto part = mine.subspan(first, std::min(kChunk, mine.size() - first));
      const auto count = static_cast<int>(part.size());
      gathered.resize(part.size() * ranks);
      check_mpi(
          MPI_Allgather(part.data(), count, MPI_BYTE, gathered.data(), count, MPI_BYTE, ranks_),
          "MPI_Allgather");
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
  // Each rank adds up its share of the elements, in the order of ranks, and all get all shares.
  template <typename Real>
  void sum_in_rank_order(std::span<Real> values) {
    const auto ranks = static_cast<std::size_t>(size_);
    std::vector<Real> sent, came;
    for (std::size_t first = 0; first < values.size(); first += kChunk) {
      const auto part = values.subspan(first, std::min(kChunk, values.size() - first));
      const std::size_t share = (part.size() + ranks - 1) / ranks;
      sent.assign(share * ranks, Real{0});
      came.resize(share * ranks);
      std::ranges::copy(part, sent.begin());
      const auto count = static_cast<int>(share);
      check_mpi(MPI_Alltoall(sent.data(), count, type_of<Real>(), came.data(), count,
                             type_of<Real>(), ranks_),
                "MPI_Alltoall");
      for (std::size_t r = 1; r < ranks; ++r)
        for (std::size_t i = 0; i < share; ++i) came[i] += came[r * share + i];
      check_mpi(MPI_Allgather(came.data(), count, type_of<Real>(), sent.data(), count,
                              type_of<Real>(), ranks_),
                "MPI_Allgather");
      std::copy_n(sent.begin(), part.size(), part.begin());
    }
  }

  template <typename Real>
  void largest(std::span<Real> values) {
    for (std::size_t first = 0; first < values.size(); first += kChunk) {
      const auto part = values.subspan(first, std::min(kChunk, values.size() - first));
      check_mpi(MPI_Allreduce(MPI_IN_PLACE, part.data(), static_cast<int>(part.size()),
                              type_of<Real>(), MPI_MAX, ranks_),
                "MPI_Allreduce");
    }
  }

  int rank_ = 0;
  int size_ = 1;
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
