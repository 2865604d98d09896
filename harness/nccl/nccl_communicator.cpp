#include "harness/nccl/nccl_communicator.h"

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <sstream>
#include <utility>

namespace isoloss {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// How long abort() waits for a call of another thread's: one that waits for the stuck device itself
// returns only when the group has been aborted.
constexpr auto kCallEnds = 2s;

ncclDataType_t type_of(DeviceElement element) {
  return element == DeviceElement::Float32 ? ncclFloat32 : ncclBfloat16;
}

cudaStream_t stream_of_device(DeviceStream on) { return static_cast<cudaStream_t>(on.handle); }

// Whether the parts are the values, cut into equal pieces: what NCCL has one operation for.
bool equal_pieces(const DeviceValues& values, std::span<const ElementRange> parts) {
  const std::size_t count = values.count / parts.size();
  for (std::size_t r = 0; r < parts.size(); ++r)
    if (parts[r] != ElementRange{r * count, count}) return false;
  return count * parts.size() == values.count;
}

// A call of a communicator that does not block may still be on its way.
bool goes_on(ncclResult_t code) { return code == ncclSuccess || code == ncclInProgress; }

}  // namespace

NcclCommunicator::NcclCommunicator(const ncclUniqueId& id, int rank, int size, std::string name,
                                   std::chrono::milliseconds patience)
    : rank_(rank), size_(size), name_(std::move(name)), patience_(patience) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  config.commName = name_.c_str();
  const ncclResult_t begun = ncclCommInitRankConfig(&group_, size, id, rank, &config);
  auto problem = goes_on(begun) ? settled() : std::optional<std::string>(words(begun));
  if (!problem) return;
  abort();
  if (aborting_.joinable()) aborting_.join();  // what failed at once has made no group to abort
  fail("be made", *problem);
}

NcclCommunicator::~NcclCommunicator() {
  if (group_ != nullptr) {
    // A finalize that the others never come to would leave streams waiting for ever.
    const ncclResult_t begun = ncclCommFinalize(group_);
    if (goes_on(begun) && !settled()) {
      ncclCommDestroy(group_);
      return;
    }
    abort();
  }
  if (aborting_.joinable()) aborting_.join();
}

void NcclCommunicator::all_reduce_sum(DeviceValues values, DeviceStream on) {
  all_reduce(values, ncclSum, on);
}

void NcclCommunicator::all_reduce_mean(DeviceValues values, DeviceStream on) {
  all_reduce(values, ncclAvg, on);
}

void NcclCommunicator::all_reduce_max(DeviceValues values, DeviceStream on) {
  all_reduce(values, ncclMax, on);
}

void NcclCommunicator::all_reduce(DeviceValues values, ncclRedOp_t how, DeviceStream on) {
  put(
      [&](ncclComm_t group) {
        return ncclAllReduce(values.data, values.data, values.count, type_of(values.element), how,
                             group, stream_of_device(on));
      },
      "add up values");
}

void NcclCommunicator::broadcast(DeviceValues values, int root, DeviceStream on) {
  put(
      [&](ncclComm_t group) {
        return ncclBroadcast(values.data, values.data, values.count, type_of(values.element), root,
                             group, stream_of_device(on));
      },
      "hand out values");
}

void NcclCommunicator::reduce_parts_mean(DeviceValues values, std::span<const ElementRange> parts,
                                         DeviceStream on) {
  const ncclDataType_t type = type_of(values.element);
  cudaStream_t stream = stream_of_device(on);
  put(
      [&](ncclComm_t group) {
        if (equal_pieces(values, parts)) {
          const ElementRange& mine = parts[static_cast<std::size_t>(rank_)];
          return ncclReduceScatter(values.data, values.part(mine).data, mine.count, type, ncclAvg,
                                   group, stream);
        }
        ncclResult_t code = ncclGroupStart();
        for (std::size_t r = 0; r < parts.size() && goes_on(code); ++r)
          if (void* const part = values.part(parts[r]).data; parts[r].count > 0)
            code = ncclReduce(part, part, parts[r].count, type, ncclAvg, static_cast<int>(r), group,
                              stream);
        const ncclResult_t ended = ncclGroupEnd();
        return goes_on(code) ? ended : code;
      },
      "add up gradients");
}

void NcclCommunicator::gather_parts(DeviceValues values, std::span<const ElementRange> parts,
                                    DeviceStream on) {
  const ncclDataType_t type = type_of(values.element);
  cudaStream_t stream = stream_of_device(on);
  put(
      [&](ncclComm_t group) {
        if (equal_pieces(values, parts)) {
          const ElementRange& mine = parts[static_cast<std::size_t>(rank_)];
          return ncclAllGather(values.part(mine).data, values.data, mine.count, type, group,
                               stream);
        }
        ncclResult_t code = ncclGroupStart();
        for (std::size_t r = 0; r < parts.size() && goes_on(code); ++r)
          if (void* const part = values.part(parts[r]).data; parts[r].count > 0)
            code =
                ncclBroadcast(part, part, parts[r].count, type, static_cast<int>(r), group, stream);
        const ncclResult_t ended = ncclGroupEnd();
        return goes_on(code) ? ended : code;
      },
      "hand out weights");
}

void NcclCommunicator::put(const std::function<ncclResult_t(ncclComm_t)>& call, const char* what) {
  ncclResult_t code = ncclSuccess;
  {
    const std::lock_guard guard(lock_);
    if (group_ == nullptr) fail(what, "the group was ended");
    code = call(group_);
  }
  if (code != ncclSuccess && code != ncclInProgress) fail(what, words(code));
  if (code == ncclInProgress)
    if (const auto problem = settled()) fail(what, *problem);
}

std::optional<std::string> NcclCommunicator::settled() {
  const auto until = Clock::now() + patience_;
  for (auto pause = 10us;; pause = std::min<std::chrono::microseconds>(2 * pause, 1ms)) {
    ncclResult_t state = ncclSuccess;
    {
      const std::lock_guard guard(lock_);
      if (group_ == nullptr) return "the group was ended";
      const ncclResult_t asked = ncclCommGetAsyncError(group_, &state);
      if (asked != ncclSuccess) state = asked;
    }
    if (state == ncclSuccess) return std::nullopt;
    if (state != ncclInProgress) return words(state);
    if (Clock::now() > until) {
      std::ostringstream text;
      text << "the other ranks have not come within "
           << std::chrono::duration<double>(patience_).count() << " s";
      return text.str();
    }
    std::this_thread::sleep_for(pause);
  }
}

std::optional<std::string> NcclCommunicator::failure() {
  // A call that holds the lock is looked at when it is through.
  const std::unique_lock guard(lock_, std::try_to_lock);
  if (!guard || group_ == nullptr) return std::nullopt;
  ncclResult_t state = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(group_, &state);
  if (asked != ncclSuccess) state = asked;
  if (state == ncclSuccess || state == ncclInProgress) return std::nullopt;
  return "NCCL lost the " + name_ + " (" + words(state) + ")";
}

void NcclCommunicator::abort() noexcept {
  const std::unique_lock guard(lock_, kCallEnds);
  if (group_ == nullptr) return;
  // On a thread of its own: NCCL tells the device first and then waits for graphs that recorded the
  // group to be destroyed, which a host that waits for another group of the same step cannot do.
  aborting_ = std::thread([group = std::exchange(group_, nullptr)] { ncclCommAbort(group); });
}

// NCCL's name for the kind of failure, and what it last said of one, where it did: that a device
// had no memory left for it is in these words alone. They are the process's and stay, so that they
// may be of an earlier failure.
std::string NcclCommunicator::words(ncclResult_t code) const {
  const std::string kind = ncclGetErrorString(code), last = ncclGetLastError(nullptr);
  return last.empty() ? kind : kind + "; NCCL last said: " + last;
}

void NcclCommunicator::fail(const std::string& what, const std::string& why) {
  throw DeviceGroupFailed(
      "rank " + std::to_string(rank_) + " of the " + name_ + " cannot " + what + " (" + why +
      "); look for a rank that died before, and set NCCL_DEBUG=WARN to see what NCCL says");
}

}  // namespace isoloss
