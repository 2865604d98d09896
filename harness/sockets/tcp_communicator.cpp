#include "harness/sockets/tcp_communicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <random>
#include <span>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "harness/sockets/tcp_door.h"
#include "model/parallel/peer_lost.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

// Elements at once: a bound on the memory that the first rank takes for all ranks' values.
constexpr std::size_t kElementsAtOnce = std::size_t{1} << 20;

// What a process has once for all its groups.
struct TcpProcess {
  TcpProcess(std::uint64_t secret, std::chrono::milliseconds patience) : door(secret, patience) {}
  TcpDoor door;
  std::vector<TcpAddress> doors;  // by rank of the job
};

std::uint64_t name_of(std::span<const int> members) {
  const auto bytes = std::as_bytes(members);
  return stream_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

class TcpCommunicator final : public Communicator {
 public:
  // `links`: of the first rank to the others in their order; of another to the first alone.
  TcpCommunicator(std::shared_ptr<TcpProcess> process, std::vector<int> members, int rank,
                  std::vector<TcpSocket> links)
      : process_(std::move(process)),
        members_(std::move(members)),
        rank_(rank),
        links_(std::move(links)) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(members_.size()); }

  void barrier() override {
    std::array<std::byte, 1> nothing{};
    std::vector<std::byte> all(members_.size());
    all_gather(nothing, all);
  }

  void broadcast(std::span<std::byte> bytes, int root) override {
    if (root != 0 && rank_ == root) send(0, bytes);
    if (root != 0 && rank_ == 0) receive(root, bytes);
    if (rank_ == 0) {
      for (int other = 1; other < size(); ++other)
        if (other != root) send(other, bytes);
    } else if (rank_ != root) {
      receive(0, bytes);
    }
  }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    if (rank_ != 0) {
      send(0, mine);
      receive(0, all);
      return;
    }
    std::ranges::copy(mine, all.begin());
    for (int other = 1; other < size(); ++other)
      receive(other, all.subspan(mine.size() * static_cast<std::size_t>(other), mine.size()));
    for (int other = 1; other < size(); ++other) send(other, all);
  }

  void all_reduce_sum(std::span<float> values) override { reduce(values, std::plus<float>()); }
  void all_reduce_sum(std::span<double> values) override { reduce(values, std::plus<double>()); }
  void all_reduce_max(std::span<float> values) override { reduce(values, larger<float>); }
  void all_reduce_max(std::span<double> values) override { reduce(values, larger<double>); }

  std::unique_ptr<Communicator> group(std::span<const int> members) override {
    std::vector<int> ranks;
    for (const int member : members) ranks.push_back(members_[static_cast<std::size_t>(member)]);
    const auto place = static_cast<int>(std::ranges::find(members, rank_) - members.begin());
    std::vector<TcpSocket> links;
    const auto first = static_cast<std::size_t>(ranks.front());
    if (place > 0) {
      links.push_back(process_->door.knock(process_->doors[first], name_of(ranks), place));
    } else {
      links = process_->door.receive_group(name_of(ranks), static_cast<int>(ranks.size()));
    }
    return std::make_unique<TcpCommunicator>(process_, std::move(ranks), place, std::move(links));
  }

 private:
  template <typename Real>
  static Real larger(Real a, Real b) {
    return std::max(a, b);
  }

  // The first rank joins what the others send, in the order of ranks.
  template <typename Real, typename Join>
  void reduce(std::span<Real> values, Join join) {
    std::vector<Real> theirs;
    for (std::size_t first = 0; first < values.size(); first += kElementsAtOnce) {
      const auto part = values.subspan(first, std::min(kElementsAtOnce, values.size() - first));
      if (rank_ != 0) {
        send(0, std::as_bytes(part));
        receive(0, std::as_writable_bytes(part));
        continue;
      }
      theirs.resize(part.size());
      for (int other = 1; other < size(); ++other) {
        receive(other, std::as_writable_bytes(std::span(theirs)));
        std::ranges::transform(part, theirs, part.begin(), join);
      }
      for (int other = 1; other < size(); ++other) send(other, std::as_bytes(part));
    }
  }

  TcpSocket& link(int other) {
    return links_[rank_ == 0 ? static_cast<std::size_t>(other - 1) : 0];
  }
  void send(int to, std::span<const std::byte> bytes) {
    if (!link(to).send(bytes)) gone(to);
  }
  void receive(int from, std::span<std::byte> bytes) {
    if (!link(from).receive(bytes)) gone(from);
  }
  [[noreturn]] void gone(int other) const {
    const auto rank = static_cast<std::size_t>(members_[static_cast<std::size_t>(other)]);
    throw PeerLost(fmt::format(
        "rank {} has gone ({}); look for a rank that died before, and run again", rank,
        process_->doors.size() > rank ? process_->doors[rank].host : "it ended while joining"));
  }

  std::shared_ptr<TcpProcess> process_;
  std::vector<int> members_;  // ranks of the job
  int rank_;                  // among them
  std::vector<TcpSocket> links_;
};

// What the meeting file says: where the first rank waits, and for whom.
struct MeetingPoint {
  TcpAddress first;
  std::uint64_t secret = 0;
};

fs::path meeting_file(const TcpMeeting& meeting, const LaunchedRank& rank) {
  return meeting.folder / ("meeting-" + rank.step);
}

MeetingPoint read_meeting(const fs::path& path, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::error_code unknown;
    if (fs::exists(path, unknown)) {
      MeetingPoint point;
      std::istringstream text(read_file(path));
      if (text >> point.first.host >> point.first.port >> point.secret) return point;
    }
    if (std::chrono::steady_clock::now() > until)
      throw WorkError(
          fmt::format("the first rank has not written {} (it did not start, or this "
                      "machine does not see the folder); put the study on a file "
                      "system that all nodes share",
                      path.string()));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Every rank's door to all.
std::vector<TcpAddress> exchange_doors(Communicator& job, const TcpAddress& mine) {
  struct Entry {
    std::array<char, 254> host{};
    std::uint16_t port = 0;
  };
  std::array<Entry, 1> own{};
  std::copy_n(mine.host.begin(), std::min(mine.host.size(), own[0].host.size() - 1),
              own[0].host.begin());
  own[0].port = mine.port;
  std::vector<Entry> all(static_cast<std::size_t>(job.size()));
  job.all_gather(std::as_bytes(std::span(own)), std::as_writable_bytes(std::span(all)));
  std::vector<TcpAddress> doors;
  for (const Entry& entry : all) doors.push_back({entry.host.data(), entry.port});
  return doors;
}

}  // namespace

std::unique_ptr<Communicator> make_tcp_communicator(const LaunchedRank& rank,
                                                    const TcpMeeting& meeting) {
  const fs::path path = meeting_file(meeting, rank);
  MeetingPoint point;
  if (rank.rank == 0) {
    std::random_device device;  // a secret, which no counter may give away
    point.secret = std::uint64_t{device()} << 32 | device();
  } else {
    point = read_meeting(path, meeting.patience);
  }
  const auto process = std::make_shared<TcpProcess>(point.secret, meeting.patience);
  std::vector<int> everybody(static_cast<std::size_t>(rank.size));
  std::iota(everybody.begin(), everybody.end(), 0);
  const std::uint64_t name = name_of(everybody);
  std::vector<TcpSocket> links;
  if (rank.rank == 0) {
    write_durably(path,
                  fmt::format("{} {} {}\n", meeting.host, process->door.port(), point.secret));
    links = process->door.receive_group(name, rank.size);
    fs::remove(path);
  } else {
    links.push_back(process->door.knock(point.first, name, rank.rank));
  }
  auto job =
      std::make_unique<TcpCommunicator>(process, std::move(everybody), rank.rank, std::move(links));
  process->doors = exchange_doors(*job, {meeting.host, process->door.port()});
  return job;
}

}  // namespace isoloss
