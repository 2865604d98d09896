// The report of a fixture's study, as a page and as what the page is made from.
#pragma once
#include <filesystem>
#include <string>

#include "analysis/report/report.h"
#include "analysis/report/report_study.h"
#include "results/durable_file.h"
#include "tests/analysis/report/report_fixture.h"

namespace isoloss {

inline ReportOptions with_draws(int bootstrap) {
  ReportOptions options;
  options.bootstrap = bootstrap;
  return options;
}

inline constexpr int kDraws = 100;

// A study and its report; the folder goes with it.
struct WrittenStudy {
  test::TemporaryFolder own;
  std::filesystem::path folder = own.path();
  std::string page;

  explicit WrittenStudy(const StudyRecipe& recipe)
      : own(write_study(recipe)),
        page(read_file(write_report({folder}, with_draws(kDraws)).page)) {}
};

inline StudyResults study_of(const StudyRecipe& recipe) {
  const test::TemporaryFolder folder = write_study(recipe);
  return read_study({folder.path()}, with_draws(kDraws));
}

}  // namespace isoloss
