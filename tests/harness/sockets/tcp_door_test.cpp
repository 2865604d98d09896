#include "harness/sockets/tcp_door.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace isoloss {
namespace {

using namespace std::chrono_literals;

void say(TcpSocket& socket, int what) {
  const std::array bytes = {static_cast<std::byte>(what)};
  EXPECT_TRUE(socket.send(bytes));
}

int hear(TcpSocket& socket) {
  std::array<std::byte, 1> bytes{};
  EXPECT_TRUE(socket.receive(bytes));
  return static_cast<int>(bytes[0]);
}

// A member of a later group comes first, and one twice, before the other rank of the first group.
TEST(TcpDoors, WhoComesEarlyIsKeptForItsGroup) {
  TcpDoor door(77, 10s);
  const TcpAddress here{"127.0.0.1", door.port()};
  TcpSocket later = door.knock(here, 5, 1), first = door.knock(here, 4, 1);
  TcpSocket again = door.knock(here, 4, 1), second = door.knock(here, 4, 2);
  say(later, 1);
  say(first, 2);
  say(again, 3);
  say(second, 4);
  auto group = door.receive_group(4, 3);
  ASSERT_EQ(group.size(), 2U);
  EXPECT_EQ(hear(group[0]), 2);
  EXPECT_EQ(hear(group[1]), 4);
  EXPECT_EQ(hear(door.receive_group(4, 2).at(0)), 3);
  EXPECT_EQ(hear(door.receive_group(5, 2).at(0)), 1);
}

// Something that scans ports, and a rank of another job.
TEST(TcpDoors, StrangersAreNotLetIn) {
  TcpDoor door(77, 10s);
  const TcpDoor elsewhere(78, 10s);
  const TcpAddress here{"127.0.0.1", door.port()};
  TcpSocket stranger = elsewhere.knock(here, 4, 1);
  say(stranger, 1);
  { const TcpSocket silent = connect_to(here, 10s); }
  TcpSocket member = door.knock(here, 4, 1);
  say(member, 2);
  EXPECT_EQ(hear(door.receive_group(4, 2).at(0)), 2);
}

}  // namespace
}  // namespace isoloss
