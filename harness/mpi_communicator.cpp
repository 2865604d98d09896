#include "harness/mpi_communicator.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <string>
#include <vector>

#include "harness/self_communicator.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw WorkError(fmt::format("{} failed ({}); look for a rank that died before, and run again",
                              call, std::string(text.data(), static_cast<std::size_t>(length))));
}

// Elements sent in one call: far below the int that MPI counts with, and a bound on the memory that
// the gathered parts take.
constexpr std::size_t kChunk = std::size_t{1} << 20;

template <typename Real>
void sum_in_rank_order(std::span<Real> values, int ranks, MPI_Datatype type) {
  std::vector<Real> gathered;
  for (std::size_t first = 0; first < values.size(); first += kChunk) {
    const auto part = values.subspan(first, std::min(kChunk, values.size() - first));
    const auto count = static_cast<int>(part.size());
    gathered.resize(part.size() * static_cast<std::size_t>(ranks));
    check_mpi(MPI_Allgather(part.data(), count, type, gathered.data(), count, type, MPI_COMM_WORLD),
              "MPI_Allgather");
    std::copy_n(gathered.begin(), part.size(), part.begin());
    for (std::size_t i = part.size(); i < gathered.size(); ++i)
      part[i % part.size()] += gathered[i];
  }
}

}  // namespace

bool started_by_mpi() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && std::atoi(value) > 1) return true;
  }
  return false;
}

MpiCommunicator::MpiCommunicator() {
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided < MPI_THREAD_FUNNELED) {
    throw WorkError("this MPI allows no threads (MPI_THREAD_FUNNELED is missing); use another MPI");
  }
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
}

MpiCommunicator::~MpiCommunicator() { MPI_Finalize(); }

void MpiCommunicator::barrier() { check_mpi(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier"); }

void MpiCommunicator::broadcast(std::span<std::byte> bytes, int root) {
  for (std::size_t first = 0; first < bytes.size(); first += INT_MAX) {
    const auto part = bytes.subspan(first, std::min<std::size_t>(INT_MAX, bytes.size() - first));
    check_mpi(MPI_Bcast(part.data(), static_cast<int>(part.size()), MPI_BYTE, root, MPI_COMM_WORLD),
              "MPI_Bcast");
  }
}

void MpiCommunicator::all_reduce_sum(std::span<float> values) {
  sum_in_rank_order(values, size_, MPI_FLOAT);
}

void MpiCommunicator::all_reduce_sum(std::span<double> values) {
  sum_in_rank_order(values, size_, MPI_DOUBLE);
}

std::unique_ptr<Communicator> make_communicator() {
  if (started_by_mpi()) return std::make_unique<MpiCommunicator>();
  return std::make_unique<SelfCommunicator>();
}

}  // namespace isoloss
