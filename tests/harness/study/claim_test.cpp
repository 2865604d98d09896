#include "harness/study/claim.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "harness/ranks/stop_signal.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

using std::chrono::milliseconds;
using tiny_study::Place;
using State = ClaimObserver::State;

constexpr const char* kOtherHost =
    R"({"host":"elsewhere/boot/pid","pid":1,"started":1,"rank":3,"beat":7})";

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

// The number of a process that has been and gone.
std::int64_t dead_process() {
  pid_t child = 0;
  const char* arguments[] = {"true", nullptr};
  ::posix_spawnp(&child, "true", nullptr, nullptr, const_cast<char**>(arguments), environ);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(Claim, OnlyOneCanBeTaken) {
  const Place place;
  const auto path = place.root / "claim";
  const auto first = Claim::take(path, 0);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Claim::take(path, 1));
  EXPECT_TRUE(first->held());
  const auto content = read_claim(path);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->process, this_process());
}

TEST(Claim, OfManyThreadsOneWins) {
  const Place place;
  const auto path = place.root / "claim";
  std::atomic<int> won = 0;
  std::vector<std::unique_ptr<Claim>> claims(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    threads.emplace_back([&, i] {
      claims[i] = Claim::take(path, static_cast<std::int64_t>(i));
      if (claims[i]) ++won;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
}

TEST(Claim, LeavesNothingBehind) {
  const Place place;
  { const auto claim = Claim::take(place.root / "claim", 0); }
  EXPECT_TRUE(std::filesystem::is_empty(place.root));
}

TEST(Claim, BeatsWhileHeld) {
  const Place place;
  const auto path = place.root / "claim";
  const auto claim = Claim::take(path, 0, milliseconds(5));
  for (int wait = 0; wait < 2000 && read_claim(path)->beat < 3; ++wait) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_GE(read_claim(path)->beat, 3U);
}

TEST(Claim, TellsOfEachBeatOnceItIsWritten) {
  const Place place;
  const auto path = place.root / "claim";
  std::atomic<std::uint64_t> told = 0;
  std::atomic<bool> written = true;
  const auto claim = Claim::take(path, 0, milliseconds(5), [&] {
    if (read_claim(path)->beat != ++told) written = false;
  });
  for (int wait = 0; wait < 2000 && told < 3; ++wait) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_GE(told, 3U);
  EXPECT_TRUE(written);
}

TEST(ClaimObserver, AClaimWithoutABeatExpiresAndIsTakenOver) {
  const Place place;
  const auto path = place.root / "claim";
  write(path, kOtherHost);
  ClaimObserver observer(milliseconds(20));
  EXPECT_EQ(observer.look(path), State::Held);
  std::this_thread::sleep_for(milliseconds(40));
  EXPECT_EQ(observer.look(path), State::Expired);
  const auto removed = observer.remove_expired(path);
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->rank, 3);
  EXPECT_TRUE(Claim::take(path, 0));
}

TEST(ClaimObserver, ABeatStartsThePatienceAnew) {
  const Place place;
  const auto path = place.root / "claim";
  write(path, kOtherHost);
  ClaimObserver observer(milliseconds(20));
  observer.look(path);
  std::this_thread::sleep_for(milliseconds(40));
  std::string beaten = kOtherHost;
  beaten.replace(beaten.find("\"beat\":7"), 8, "\"beat\":8");
  write(path, beaten);
  EXPECT_EQ(observer.look(path), State::Held);
}

TEST(ClaimObserver, AClaimThatBeatAfterTheJudgementIsNotRemoved) {
  const Place place;
  const auto path = place.root / "claim";
  write(path, kOtherHost);
  ClaimObserver observer(milliseconds(0));
  observer.look(path);
  ASSERT_EQ(observer.look(path), State::Expired);
  const std::string alive = R"({"host":"x/y/z","pid":2,"started":1,"rank":0,"beat":9})";
  write(path, alive);
  EXPECT_FALSE(observer.remove_expired(path));
  EXPECT_EQ(read_claim(path)->beat, 9U);
}

// It may be a living process's. Nobody can read a folder as a file, root neither.
TEST(ClaimObserver, AClaimThatCannotBeReadDoesNotExpire) {
  const Place place;
  const auto path = place.root / "claim";
  std::filesystem::create_directory(path);
  ClaimObserver observer(milliseconds(0));
  for (int look = 0; look < 3; ++look) EXPECT_EQ(observer.look(path), State::Unread);
  EXPECT_FALSE(observer.remove_expired(path));
}

TEST(ClaimObserver, ADeadProcessOnThisHostExpiresAtOnce) {
  const Place place;
  const auto path = place.root / "claim";
  ProcessIdentity dead = this_process();
  dead.pid = dead_process();
  write(path, R"({"host":")" + dead.host + R"(","pid":)" + std::to_string(dead.pid) +
                  R"(,"started":)" + std::to_string(dead.started) + R"(,"rank":0,"beat":0})");
  EXPECT_EQ(ClaimObserver(std::chrono::hours(1)).look(path), State::Expired);
}

TEST(ClaimObserver, ALivingProcessOnThisHostIsHeld) {
  const Place place;
  const auto path = place.root / "claim";
  const auto claim = Claim::take(path, 0);
  EXPECT_EQ(ClaimObserver(std::chrono::hours(1)).look(path), State::Held);
  EXPECT_EQ(ClaimObserver(std::chrono::hours(1)).look(place.root / "none"), State::Free);
}

TEST(Claim, ATakenOverClaimKnowsItsLossAndLeavesTheOther) {
  const Place place;
  const auto path = place.root / "claim";
  auto loser = Claim::take(path, 0, milliseconds(5));
  std::filesystem::rename(path, place.root / "aside");
  const auto winner = Claim::take(path, 1, std::chrono::hours(1));
  ASSERT_TRUE(winner);
  EXPECT_FALSE(loser->held());
  for (int wait = 0; wait < 2000 && !loser->lost(); ++wait) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_TRUE(loser->lost());
  loser.reset();
  EXPECT_TRUE(winner->held());
}

// In a process of its own: the flag stays set.
int leaving_after_a_signal(const std::filesystem::path& path) {
  stop_on_signals();
  const auto claim = Claim::take(path, 0);  // beats every two seconds
  if (read_claim(path)->leaving) return 1;
  ::raise(SIGTERM);
  for (int wait = 0; wait < 3000 && !read_claim(path)->leaving; ++wait) ::usleep(10'000);
  return read_claim(path)->leaving ? 0 : 2;
}

TEST(Claim, AProcessThatWasSignalledSaysThatItIsLeaving) {
  const Place place;
  EXPECT_EXIT(::exit(leaving_after_a_signal(place.root / "claim")), testing::ExitedWithCode(0), "");
}

// The thread that beats waits for a file system that takes long.
[[noreturn]] void leaving_while_a_beat_waits(const std::filesystem::path& path) {
  stop_on_signals();
  std::atomic<bool> waits = false;
  const auto claim = Claim::take(path, 0, milliseconds(5), [&] {
    waits = true;
    std::this_thread::sleep_for(std::chrono::hours(1));
  });
  while (!waits) ::usleep(1000);
  const std::string before = read_claim_text(path);
  ::raise(SIGTERM);  // the handler has run when this returns
  const auto said = read_claim(path);
  const bool whole = said && said->beat == claim_from(before)->beat &&
                     said->process == this_process() &&
                     read_claim_text(path).size() == before.size();
  ::_exit(said && said->leaving && whole && !claim_from(before)->leaving ? 0 : 1);
}

TEST(Claim, ThatItIsLeavingIsSaidHoweverLongABeatTakes) {
  const Place place;
  EXPECT_EXIT(leaving_while_a_beat_waits(place.root / "claim"), testing::ExitedWithCode(0), "");
}

// In a process of its own, which MPI or a sanitizer may have given handlers before.
[[noreturn]] void crash_while_training(const std::filesystem::path& path, int signal) {
  note_crashes();
  const auto claim = Claim::take(path, 0);
  ::raise(signal);
  ::_exit(0);
}

TEST(Claim, ACrashIsReadByTheNext) {
  const Place place;
  const auto path = place.root / "claim";
  const pid_t child = ::fork();
  if (child == 0) crash_while_training(path, SIGSEGV);
  EXPECT_EQ(tiny_study::wait(child), -SIGSEGV);
  const auto claim = read_claim(path);
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->signal, SIGSEGV);
  EXPECT_EQ(claim->process.pid, child);
  EXPECT_EQ(death_of(*claim),
            "process " + std::to_string(child) + " (rank 0) died while training (SIGSEGV)");
}

TEST(Claim, ADeathNamesProcessAndRank) {
  EXPECT_EQ(death_of({{"host", 4711, 1}, 2, 0}), "process 4711 (rank 2) died while training");
}

TEST(ProcessIdentity, ANumberUsedAgainIsAnotherProcess) {
  ProcessIdentity earlier = this_process();
  EXPECT_FALSE(certainly_dead(earlier));
  earlier.started += 1;
  EXPECT_TRUE(certainly_dead(earlier));
  earlier.host = "elsewhere";
  EXPECT_FALSE(certainly_dead(earlier));
}

}  // namespace
}  // namespace isoloss
