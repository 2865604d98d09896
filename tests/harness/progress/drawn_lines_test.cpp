#include "harness/progress/drawn_lines.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <string>

namespace isoloss {
namespace {

TEST(FirstColumns, AreCharactersAndNotBytes) {
  EXPECT_EQ(first_columns("abc", 2), "ab");
  EXPECT_EQ(first_columns("abc", 3), "abc");
  EXPECT_EQ(first_columns("caf\u00e9 au lait", 4), "caf\u00e9");
  EXPECT_EQ(first_columns("abc", 0), "abc");
}

TEST(DrawnLines, AreDrawnOverThemselves) {
  DrawnLines lines;
  testing::internal::CaptureStderr();
  lines.draw({"one", "two"});
  lines.draw({"three"});
  lines.wipe();
  lines.wipe();
  // Up two lines and clear below; up one, and nothing left to clear.
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "one\ntwo\n\x1b[2A\x1b[Jthree\n\x1b[1A\x1b[J");
}

TEST(DrawnLines, StandInTheWidthOfTheirTerminal) {
  int master = -1, terminal = -1;
  winsize size{};
  size.ws_col = 5;
  size.ws_row = 3;
  if (::openpty(&master, &terminal, nullptr, nullptr, &size) != 0) GTEST_SKIP() << "no terminals";
  const int before = ::dup(STDERR_FILENO);
  ::dup2(terminal, STDERR_FILENO);
  DrawnLines().draw({"seven columns", "two"});
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::array<char, 64> text{};
  const auto got = ::read(master, text.data(), text.size());
  ::close(terminal);
  ::close(master);
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(got)), "seven\r\ntwo\r\n");
}

}  // namespace
}  // namespace isoloss
