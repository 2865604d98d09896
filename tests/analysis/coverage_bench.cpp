// Prints how often 95 % intervals hold the truth of simulated studies, as the table of
// docs/fitting.md, Coverage.
//   coverage_bench [REPEATS [DRAWS [THREADS]]]   (2000 200 2)
// DRAWS serve savings and fits alike; results do not depend on THREADS. Times go to standard error.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/analysis/coverage.h"

namespace {

using isoloss::test::CoverageRow;
using isoloss::test::CoverageTable;

// Percent, and of how many where not every study could say.
std::string cell(const CoverageTable& table, const std::string& quantity, int repeats) {
  for (const CoverageRow& row : table.rows()) {
    if (row.quantity != quantity) continue;
    const double percent = 100.0 * row.counted / row.of;
    return row.of == repeats ? fmt::format("{:.1f}", percent)
                             : fmt::format("{:.1f} of {}", percent, row.of);
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace isoloss::test;
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 2000;
  const int draws = argc > 2 ? std::atoi(argv[2]) : 200;
  const int threads = argc > 3 ? std::atoi(argv[3]) : 2;
  const auto layouts = {quickstart_layout(), large_layout(), wide_layout(), checkpoint_layout()};
  std::vector<CoverageTable> tables(layouts.size());
  std::vector<std::string> quantities;
  std::string head = fmt::format("| {} studies, {} draws |", repeats, draws), line = "|---|";
  std::size_t at = 0;
  for (const StudyLayout& layout : layouts) {
    CoverageTable& table = tables[at++];
    const auto seconds = [begin = std::chrono::steady_clock::now()] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    cover_savings(layout, repeats, draws, threads, table);
    const double savings = seconds();
    cover_fits(layout, repeats, draws, threads, table);
    fmt::print(stderr, "{}: savings {:.0f} s, fits {:.0f} s\n", layout.name, savings,
               seconds() - savings);
    for (const CoverageRow& row : table.rows()) {
      if (std::find(quantities.begin(), quantities.end(), row.quantity) == quantities.end()) {
        quantities.push_back(row.quantity);
      }
    }
    head += " " + layout.name + " |";
    line += "---|";
  }
  fmt::print("{}\n{}\n", head, line);
  for (const std::string& quantity : quantities) {
    fmt::print("| {} |", quantity);
    for (const CoverageTable& table : tables) fmt::print(" {} |", cell(table, quantity, repeats));
    fmt::print("\n");
  }
  return 0;
}
