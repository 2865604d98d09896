// Prints how often 95 % intervals hold the truth of simulated studies (docs/fitting.md, Coverage).
//   coverage_bench [REPEATS [DRAWS [THREADS [FITS]]]]   (2000 400 1 100)
// Fits of laws take longer: FITS studies of them.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "tests/analysis/coverage.h"

int main(int argc, char** argv) {
  using namespace isoloss::test;
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 2000;
  const int draws = argc > 2 ? std::atoi(argv[2]) : 400;
  const int threads = argc > 3 ? std::atoi(argv[3]) : 1;
  const int fits = argc > 4 ? std::atoi(argv[4]) : 100;
  for (const StudyLayout& layout : {quickstart_layout(), large_layout(), checkpoint_layout()}) {
    const auto begin = std::chrono::steady_clock::now();
    CoverageTable table;
    cover_savings(layout, repeats, draws, threads, table);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    cover_fits(layout, fits, 200, threads, table);
    fmt::print("{}: {} studies, {} draws each, {:.0f} s\n", layout.name, repeats, draws,
               took.count());
    for (const CoverageRow& row : table.rows())
      fmt::print("  {:<34} {:>6} of {:>5}  {:5.1f} %\n", row.quantity, row.counted, row.of,
                 100.0 * row.counted / row.of);
    std::fflush(stdout);
  }
  return 0;
}
