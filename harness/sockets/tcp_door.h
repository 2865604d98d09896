// Where a process meets others to form groups: each has one place where it waits, known to all. Who
// comes says to which group it belongs; who belongs to a later one is kept until that is formed.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "harness/sockets/tcp_socket.h"

namespace isoloss {

class TcpDoor {
 public:
  // `secret` keeps strangers out who happen to connect.
  TcpDoor(std::uint64_t secret, std::chrono::milliseconds patience)
      : secret_(secret), patience_(patience) {}

  std::uint16_t port() const { return listener_.port(); }

  // Connections of the other ranks 1 .. size - 1 of a group, in that order, as those come with
  // knock(). `group` is the same for all its ranks; groups of one name are formed in order. From
  // any thread.
  std::vector<TcpSocket> receive_group(std::uint64_t group, int size);

  // A connection to the door of a group's first rank, as that group's `rank`.
  TcpSocket knock(const TcpAddress& first, std::uint64_t group, int rank) const;

 private:
  std::uint64_t secret_;
  std::chrono::milliseconds patience_;
  std::mutex lock_;
  TcpListener listener_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::deque<TcpSocket>> early_;
};

}  // namespace isoloss
