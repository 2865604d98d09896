#include "harness/study/stall_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <vector>

namespace isoloss {
namespace {

using std::chrono::milliseconds;

StallLimits short_limits() {
  return {.at_first = milliseconds(2000),
          .at_least = milliseconds(100),
          .longest_pauses = 5,
          .look_every = milliseconds(10)};
}

// What the watch says after `pauses` between beats and then silence.
std::string said_after(const std::vector<milliseconds>& pauses, const StallLimits& limits,
                       milliseconds* silence = nullptr) {
  std::promise<std::string> said;
  auto since = std::chrono::steady_clock::now();
  StallWatch watch(limits, [&](const std::string& what) { said.set_value(what); });
  if (!pauses.empty()) watch.beat();
  for (const milliseconds pause : pauses) {
    std::this_thread::sleep_for(pause);
    watch.beat();
  }
  if (!pauses.empty()) since = std::chrono::steady_clock::now();
  const std::string what = said.get_future().get();
  if (silence) {
    *silence = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since);
  }
  return what;
}

TEST(StallWatch, SilenceAfterShortPausesIsAStall) {
  EXPECT_THAT(said_after({milliseconds(2), milliseconds(20)}, short_limits()),
              testing::HasSubstr("made no progress for"));
}

TEST(StallWatch, BeatsThatAllComeBetweenTwoLooksHadAPause) {
  StallLimits limits = short_limits();
  limits.at_first = std::chrono::minutes(5);
  EXPECT_THAT(said_after({milliseconds(0), milliseconds(0), milliseconds(0)}, limits),
              testing::HasSubstr("longest pause before"));
}

TEST(StallWatch, WhoPausedLongIsGivenLonger) {
  milliseconds silence{};
  said_after({milliseconds(300)}, short_limits(), &silence);
  // Five pauses; on a busy machine the watch may have slept through two thirds of them.
  EXPECT_GE(silence, milliseconds(5 * 100));
}

TEST(StallWatch, BeforeTheFirstPauseIsKnownItWaitsLongest) {
  milliseconds silence{};
  EXPECT_THAT(said_after({}, short_limits(), &silence), testing::HasSubstr("had not begun"));
  EXPECT_GE(silence, milliseconds(1800));
}

TEST(StallWatch, BeatsKeepItQuiet) {
  bool said = false;
  {
    StallLimits limits = short_limits();
    limits.at_least = milliseconds(1000);
    StallWatch watch(limits, [&](const std::string&) { said = true; });
    for (int i = 0; i < 100; ++i) {
      watch.beat();
      std::this_thread::sleep_for(milliseconds(15));
    }
  }
  EXPECT_FALSE(said);
}

TEST(StallWatch, WritingFilesIsNoSilence) {
  std::atomic<bool> said = false;
  StallLimits limits = short_limits();
  limits.at_least = milliseconds(700);
  StallWatch watch(limits, [&](const std::string&) { said = true; });
  watch.beat();
  std::this_thread::sleep_for(milliseconds(30));
  watch.beat();
  std::this_thread::sleep_for(milliseconds(30));
  {
    const StallWatch::Pause writing(watch);
    std::this_thread::sleep_for(milliseconds(1500));
  }
  watch.beat();
  EXPECT_FALSE(said);
}

// Stopped by SIGSTOP for longer than its limit, as a suspended job is.
TEST(StallWatch, ASuspendedProcessHasNotStalled) {
  constexpr int kStalled = 9;
  int pipe[2], told[2];
  ASSERT_EQ(::pipe(pipe), 0);
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(told[1]);
    StallLimits limits = short_limits();
    limits.at_first = milliseconds(3000);
    StallWatch watch(limits, [](const std::string&) { ::_exit(kStalled); });
    char byte = 'x';
    if (::write(pipe[1], &byte, 1) != 1) ::_exit(1);
    // Told to end once it was suspended and goes on.
    ::_exit(::read(told[0], &byte, 1) == 1 ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  ::kill(child, SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  ::usleep(4'000'000);
  ::kill(child, SIGCONT);
  ::usleep(200'000);  // in which it would find that it stalled
  ASSERT_EQ(::write(told[1], &byte, 1), 1);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace isoloss
