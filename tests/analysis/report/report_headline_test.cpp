// The page's first words, from comparisons written down here.
#include "analysis/report/report_headline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isoloss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Comparison refused(const std::string& candidate, const std::string& why) {
  return {"base", candidate, false, std::nullopt, why};
}

Comparison found(const std::string& candidate) {
  Comparison out{"base", candidate, false, Savings(), ""};
  out.savings->overlap = {2.5, 3.5};
  out.savings->seed_noise.measured = true;
  out.savings->at = {{3.0, 1.5, Interval{1.4, 1.6}, false}};
  return out;
}

// Each comparison in FLOPs with the same in seconds, refused.
StudyResults study_of(const std::vector<Comparison>& comparisons) {
  StudyResults study;
  study.architectures = {"base"};
  study.baseline = "base";
  for (const Comparison& comparison : comparisons) {
    study.architectures.push_back(comparison.candidate);
    study.comparisons.push_back(comparison);
    study.comparisons.push_back(refused(comparison.candidate, "no seconds"));
  }
  study.frontiers.resize(study.architectures.size());
  study.laws.resize(study.architectures.size());
  return study;
}

TEST(ReportHeadline, OneRefusalStandsOpen) {
  const std::string page = headline_html(study_of({found("b"), refused("c", "losses never meet")}));
  EXPECT_THAT(page, Not(HasSubstr("<details>")));
  EXPECT_THAT(page, HasSubstr("losses never meet"));
}

TEST(ReportHeadline, SeveralRefusalsAreFoldedBehindWhatWasFound) {
  const std::string page = headline_html(
      study_of({refused("b", "losses never meet"), found("c"), refused("d", "one budget")}));
  const std::size_t fold = page.find("<details><summary>");
  ASSERT_NE(fold, std::string::npos);
  EXPECT_THAT(page, HasSubstr("No savings can be given for 2 of 3 comparisons: why</summary>"));
  EXPECT_LT(page.find("c saves 1.50×"), fold);
  EXPECT_GT(page.find("losses never meet"), fold);
  EXPECT_GT(page.find("one budget"), fold);
  EXPECT_LT(page.find("one budget"), page.find("</details>"));
}

TEST(ReportHeadline, SaysWhichFrontierSavingsAreOfAndWhy) {
  StudyResults study = study_of({found("b"), found("c")});
  for (const std::size_t i : {0, 2}) {
    study.comparisons[i].savings->frontier = FrontierKind::Envelope;
    study.comparisons[i].savings->baseline_frontier.reason = "no budget has three sizes";
  }
  EXPECT_THAT(headline_html(study),
              HasSubstr("Frontiers: envelope (no budget has three sizes). 2.00 is half"));
}

// A law of a CSV as it was printed of twelve points at about twenty tokens a parameter.
TEST(ReportHeadline, ALawThatPointsDoNotDetermineIsNoClaim) {
  StudyResults study = study_of({});
  Fit fit;
  fit.law = "chinchilla";
  fit.n = 12;
  fit.parameters = {{"A", 6.24e6}, {"B", 64.9}, {"alpha", 0.9085}, {"beta", 0.1631}, {"E", 1.19}};
  study.laws[0].fit = fit;
  study.laws[0].law = {6.24e6, 64.9, 1.19, 0.9085, 0.1631};
  EXPECT_THAT(verdicts(study).at(0).claim, HasSubstr("N^-0.9085"));
  EXPECT_THAT(verdicts(study).at(0).detail, HasSubstr("Best size grows as C^0.152"));
  study.laws[0].fit->flags = {"alpha_unidentified", "A_undetermined"};
  const Verdict open = verdicts(study).at(0);
  EXPECT_EQ(open.claim, "base: these points do not determine A, alpha of a chinchilla law");
  EXPECT_THAT(open.detail, HasSubstr("6.24e6 N^-0.9085"));
  EXPECT_THAT(open.detail, Not(HasSubstr("Best size grows")));
}

TEST(ReportHeadline, EveryPairSaysWhetherItsSavingGrows) {
  StudyResults study = study_of({found("b")});
  study.comparisons[0].savings->growth = SavingsGrowth{1.1, Interval{0.9, 1.3}, 0.3};
  EXPECT_THAT(headline_html(study),
              HasSubstr("Down to loss 2.500 from 3.500 the factor changes by 1.10× [0.90, 1.30], "
                        "p 0.3: growth with compute not resolved."));
}

}  // namespace
}  // namespace isoloss
