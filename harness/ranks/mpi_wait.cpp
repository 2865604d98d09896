#include "harness/ranks/mpi_wait.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>

#include "model/parallel/peer_lost.h"

namespace isoloss {
namespace {

using std::chrono::microseconds;

constexpr microseconds kYielding{1000};
// What the kernel makes 70 us of; naps that it is told not to lengthen cost busy cores more than
// they save.
constexpr microseconds kShortestNap{20}, kLongestNap{500};

}  // namespace

void check_mpi(int code, const char* operation) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw PeerLost(fmt::format("{} failed ({}); look for a rank that died before, and run again",
                             operation,
                             std::string(text.data(), static_cast<std::size_t>(length))));
}

void wait_for(std::span<MPI_Request> requests, const char* operation) {
  const auto began = std::chrono::steady_clock::now();
  while (true) {
    int done = 0;
    check_mpi(
        MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE),
        operation);
    if (done != 0) return;
    const auto waited =
        std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - began);
    if (waited < kYielding)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::clamp(waited / 16, kShortestNap, kLongestNap));
  }
}

}  // namespace isoloss
