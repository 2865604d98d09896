// Prints how often 95 % intervals hold the truth of simulated studies, as a table of
// docs/fitting.md, Coverage.
//   coverage_bench [REPEATS [DRAWS [THREADS [replicated|single|ladder]]]]   (2000 200 2 replicated)
// DRAWS serve savings and fits alike; results do not depend on THREADS. Times go to standard error.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

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

struct Column {
  std::string name;
  CoverageTable table;
};

void print_table(const std::vector<std::unique_ptr<Column>>& columns, int repeats, int draws) {
  std::vector<std::string> quantities;
  std::string head = fmt::format("| {} studies, {} draws |", repeats, draws), line = "|---|";
  for (const auto& column : columns) {
    for (const CoverageRow& row : column->table.rows()) {
      if (std::find(quantities.begin(), quantities.end(), row.quantity) == quantities.end()) {
        quantities.push_back(row.quantity);
      }
    }
    head += " " + column->name + " |";
    line += "---|";
  }
  fmt::print("{}\n{}\n", head, line);
  for (const std::string& quantity : quantities) {
    fmt::print("| {} |", quantity);
    for (const auto& column : columns) {
      fmt::print(" {} |", cell(column->table, quantity, repeats));
    }
    fmt::print("\n");
  }
  fmt::print("\n");
}

// One table of `layouts`, each filled by `cover`.
template <class Cover>
void cover_all(const std::vector<isoloss::test::StudyLayout>& layouts, int repeats, int draws,
               const Cover& cover) {
  std::vector<std::unique_ptr<Column>> columns;
  for (const auto& layout : layouts) {
    const auto begin = std::chrono::steady_clock::now();
    columns.push_back(std::make_unique<Column>());
    columns.back()->name = layout.name;
    cover(layout, columns.back()->table);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    fmt::print(stderr, "{}: {:.0f} s\n", layout.name, seconds.count());
  }
  print_table(columns, repeats, draws);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace isoloss::test;
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 2000;
  const int draws = argc > 2 ? std::atoi(argv[2]) : 200;
  const int threads = argc > 3 ? std::atoi(argv[3]) : 2;
  const std::string which = argc > 4 ? argv[4] : "replicated";
  if (which == "replicated") {
    cover_all({quickstart_layout(), large_layout(), wide_layout(), checkpoint_layout()}, repeats,
              draws, [&](const StudyLayout& layout, CoverageTable& table) {
                cover_savings(layout, repeats, draws, threads, table);
                cover_fits(layout, repeats, draws, threads, table);
                cover_lines(layout, repeats, threads, table);
              });
  } else if (which == "ladder") {
    cover_all({ladder_layout()}, repeats, draws,
              [&](const StudyLayout& layout, CoverageTable& table) {
                cover_savings(layout, repeats, draws, threads, table);
              });
  } else {
    cover_all({single_layout(), small_layout(), curves_layout()}, repeats, draws,
              [&](const StudyLayout& layout, CoverageTable& table) {
                cover_scatter(layout, repeats, draws, threads, table);
              });
  }
  return 0;
}
