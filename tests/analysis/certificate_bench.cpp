// Prints how close the bound of every law's search comes to its fit, as a table of docs/fitting.md,
// Solver: quick, and where that does not reach what it aims at, full.
//   certificate_bench [THREADS]   (2; the gaps do not depend on it)
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "analysis/solver/law_certificate.h"
#include "model/spec/counter_random.h"
#include "tests/analysis/law_fixture.h"
#include "tests/analysis/made_law_points.h"

namespace isoloss {
namespace {

// The law's own points with scatter; half of them on few unique tokens.
LawData scattered(const Law& law, const MadeGrid& grid, double scatter) {
  LawData data = exact_points(law, grid);
  for (Eigen::Index i = 0; i < data.points(); ++i) {
    data.loss[i] *= std::exp(scatter * random_normal(11, 1, static_cast<std::uint64_t>(i)));
  }
  data.log_loss = data.loss.log();
  return data;
}

std::string cell_text(const Law& law, const LawData& data, const Objective& objective, double value,
                      const CertificateSearch& search, bool& reached) {
  const auto begun = std::chrono::steady_clock::now();
  const auto certificate = certify(law, data, objective, {}, value, search);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  reached = certificate->reached;
  fmt::print(stderr, "{} {} {} cells {:.1f} s\n", law.name, data.points(), certificate->cells,
             seconds);
  const std::string gap = certificate->lower_bound > 0
                              ? fmt::format("{:.2g} %", 100 * certificate->relative_gap)
                              : "no bound";
  return fmt::format(
      "{}, {} cells, {} s", gap, certificate->cells,
      seconds < 100 ? fmt::format("{:.2g}", seconds) : fmt::format("{:.0f}", seconds));
}

void print_row(const Law& law, const std::string& points, const LawData& data,
               const std::string& of, const Objective& objective, int threads) {
  const LawSolution best = solve_law(law, data, objective, {});
  bool reached = false;
  const std::string quick =
      cell_text(law, data, objective, best.value, {CertificateEffort::Quick, threads, {}}, reached);
  const std::string full = reached ? ""
                                   : cell_text(law, data, objective, best.value,
                                               {CertificateEffort::Full, threads, {}}, reached);
  fmt::print("| {}{} | {} | {} | {} | {} |\n", law.name, law.tied ? ", tied" : "", points, of,
             quick, full);
  std::fflush(stdout);
}

void print_table(int threads) {
  const std::vector<std::pair<std::string, Objective>> objectives = {
      {"huber", {ObjectiveKind::Huber, 1e-3, FitSpace::Log}},
      {"squares", {ObjectiveKind::Squares, 0, FitSpace::Log}},
      {"lad", {ObjectiveKind::Lad, 0, FitSpace::Log}}};
  fmt::print("| law | points | objective | quick | full |\n|---|---|---|---|---|\n");
  for (const Law& law : laws()) {
    for (const auto& [of, objective] : objectives) {
      const LawData few = scattered(law, {24, 5, 3.3, 3.9, 2}, 0.02);
      print_row(law, "24, 2 %", few, of, objective, threads);
      if (law.name == "data_constrained") continue;  // Epoch's points repeat no text
      const LawData epoch = law_data(law, without_largest(epoch_points(), 5));
      print_row(law, "240", epoch, of, objective, threads);
    }
  }
}

}  // namespace
}  // namespace isoloss

int main(int count, char** arguments) {
  isoloss::print_table(count > 1 ? std::atoi(arguments[1]) : 2);
  return 0;
}
