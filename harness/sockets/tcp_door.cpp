#include "harness/sockets/tcp_door.h"

#include <array>
#include <cstddef>
#include <span>

#include "model/parallel/peer_lost.h"

namespace isoloss {
namespace {

// What a rank says when it comes; machines of one job have one byte order.
struct Knock {
  std::uint64_t secret = 0, group = 0;
  std::uint32_t rank = 0, spare = 0;
};

// Longer than a message of these few bytes can take: who says nothing does not hold up the others.
constexpr auto kKnockTakes = std::chrono::seconds(5);

}  // namespace

std::vector<TcpSocket> TcpDoor::receive_group(std::uint64_t group, int size) {
  const std::lock_guard guard(lock_);
  std::vector<TcpSocket> members;
  for (std::uint32_t rank = 1; rank < static_cast<std::uint32_t>(size); ++rank) {
    auto& waiting = early_[{group, rank}];
    while (waiting.empty()) {
      TcpSocket socket = listener_.accept(patience_);
      Knock knock;
      socket.limit(kKnockTakes);
      if (!socket.receive(std::as_writable_bytes(std::span(&knock, 1))) || knock.secret != secret_)
        continue;
      socket.limit(std::chrono::milliseconds(0));
      early_[{knock.group, knock.rank}].push_back(std::move(socket));
    }
    members.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  return members;
}

TcpSocket TcpDoor::knock(const TcpAddress& first, std::uint64_t group, int rank) const {
  TcpSocket socket = connect_to(first, patience_);
  const Knock knock{secret_, group, static_cast<std::uint32_t>(rank), 0};
  if (!socket.send(std::as_bytes(std::span(&knock, 1))))
    throw PeerLost("the first rank of a group has gone (" + first.host +
                   "); look for a rank that died before, and run again");
  return socket;
}

}  // namespace isoloss
