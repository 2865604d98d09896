// Who is to blame for the death of processes that trained a run together.
#include "harness/study/run_deaths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "results/durable_file.h"
#include "results/helper_claims.h"
#include "tests/harness/tiny_study.h"

namespace isoloss {
namespace {

ClaimContent claim_of(std::int64_t rank, const std::string& supervisor, bool leaving, int signal) {
  return {{"host", 100 + rank, 1}, rank, 0, supervisor, leaving, signal};
}

TEST(RunDeaths, OfASupervisorsRanksTheOneThatWasNotToldToGo) {
  const std::vector<ClaimContent> dead = {claim_of(0, "me", true, 0), claim_of(1, "me", false, 0)};
  ASSERT_TRUE(to_blame(dead, "me"));
  EXPECT_EQ(to_blame(dead, "me")->rank, 1);
}

TEST(RunDeaths, NobodyOfAnotherJobOrWithoutASupervisor) {
  const std::vector<ClaimContent> dead = {claim_of(0, "other", false, 0),
                                          claim_of(1, "", false, 0)};
  EXPECT_FALSE(to_blame(dead, "me"));
  EXPECT_FALSE(to_blame(dead, ""));
}

TEST(RunDeaths, ACrashWhoeverLooks) {
  const std::vector<ClaimContent> dead = {claim_of(0, "me", false, 0),
                                          claim_of(1, "other", true, SIGSEGV)};
  EXPECT_EQ(to_blame(dead, "")->rank, 1);
  EXPECT_EQ(to_blame(dead, "me")->rank, 1);
}

TEST(RunDeaths, ClaimsOfHelpersAreTakenOnce) {
  const tiny_study::Place place;
  const StudyFolder folder{place.root};
  const std::string id = "0123456789abcdef";
  write_durably(helper_claim(folder, id, 1), claim_text(claim_of(1, "me", false, SIGBUS)));
  write_durably(helper_claim(folder, id, 2), "half a cla");
  const auto claims = take_helper_claims(folder, id);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].signal, SIGBUS);
  EXPECT_THAT(take_helper_claims(folder, id), testing::IsEmpty());
  EXPECT_THAT(helper_claims(folder, id), testing::IsEmpty());
}

}  // namespace
}  // namespace isoloss
