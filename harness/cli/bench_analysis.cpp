#include "harness/cli/bench_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "analysis/numbers/parallel_for.h"
#include "analysis/report/report.h"
#include "analysis/solver/law_certificate.h"
#include "analysis/solver/law_solver.h"
#include "harness/cli/command_line.h"
#include "harness/cli/print_json.h"
#include "harness/cli/temporary_folder.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr int kPoints = 240;  // of the Chinchilla study without its five outliers
constexpr std::uint64_t kSeed = 1;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Sizes and tokens over the range of Hoffmann et al. 2022, losses of their law with scatter.
std::vector<Point> made_points(int count) {
  const std::uint64_t stream = stream_of("bench/analysis");
  std::vector<Point> points;
  for (int i = 0; i < count; ++i) {
    const auto key = static_cast<std::uint64_t>(i);
    Point p;
    p.architecture = "made";
    p.parameters = 4.4e7 * std::pow(360.0, random_uniform(kSeed, stream, 3 * key));
    p.tokens = 3e8 * std::pow(700.0, random_uniform(kSeed, stream, 3 * key + 1));
    p.flops = 6 * p.parameters * p.tokens;
    p.loss = (1.82 + 478 * std::pow(p.parameters, -0.347) + 2143 * std::pow(p.tokens, -0.367)) *
             std::exp(0.005 * random_normal(kSeed, stream, 3 * key + 2));
    points.push_back(p);
  }
  return points;
}

LawData resample_of(const LawData& data, std::uint64_t draw) {
  std::vector<Eigen::Index> rows;
  const auto n = static_cast<std::uint64_t>(data.points());
  for (std::uint64_t i = 0; i < n; ++i) {
    rows.push_back(static_cast<Eigen::Index>(
        random_below(kSeed, stream_of("bench/resample"), draw * n + i, n)));
  }
  return rows_of(data, rows);
}

// Every resample searched from nothing, as if it were a fit of its own.
double resamples(const Law& law, const LawData& data, std::size_t count, int threads) {
  std::vector<char> converged(count, 0);
  const double seconds = seconds_of([&] {
    parallel_for(count, threads, [&](std::size_t r) {
      converged[r] = solve_law(law, resample_of(data, r), {}, {}).converged ? 1 : 0;
    });
  });
  const auto failed = std::count(converged.begin(), converged.end(), 0);
  if (failed > 0) {
    throw WorkError(
        fmt::format("{} of {} resamples did not converge (the times would not be "
                    "those of fits); report it",
                    failed, count));
  }
  return seconds;
}

// Two architectures of five sizes, five budgets and four seeds: 200 trials, as a CSV of points.
std::string made_study() {
  const std::uint64_t stream = stream_of("bench/report");
  std::string csv = "architecture,size,parameters,tokens,flops,budget,loss,seed,wall_seconds\n";
  std::uint64_t key = 0;
  for (const char* architecture : {"transformer", "made"}) {
    const double saving = architecture == std::string("made") ? 1.5 : 1;
    for (int size = 0; size < 5; ++size) {
      for (int seed = 0; seed < 4; ++seed) {
        const double of_run = random_normal(kSeed, stream, ++key);
        for (int b = 0; b < 5; ++b) {
          const double flops = 1e15 * std::pow(4.0, b), n = 3e6 * std::pow(1.9, size);
          const double tokens = flops / (6 * n), more = saving * tokens;
          const double loss = (1.8 + 90 * std::pow(n, -0.3) + 190 * std::pow(more, -0.3)) *
                              std::exp(0.001 * (of_run + random_normal(kSeed, stream, ++key)));
          csv += fmt::format("{},s{},{},{},{},{},{},{},{}\n", architecture, size, n, tokens, flops,
                             flops, loss, seed, flops / 1e12);
        }
      }
    }
  }
  return csv;
}

double report_seconds() {
  const TemporaryFolder folder(std::filesystem::temp_directory_path(), "set TMPDIR to another");
  const std::filesystem::path study = folder.path() / "study.csv";
  write_durably(study, made_study());
  return seconds_of([&] { write_report({study}, {}); });
}

}  // namespace

bool asks_for_analysis(Arguments arguments) {
  return std::find(arguments.begin(), arguments.end(), "--analysis") != arguments.end();
}

int bench_analysis_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line("isoloss bench --analysis [options]",
                   "How fast laws are fitted here: 240 made points over the Chinchilla study's "
                   "range, default settings, every resample searched from nothing.",
                   "isoloss bench --analysis");
  line.add()("analysis", "time the fits")("threads", po::value<int>()->default_value(2),
                                          "of the last line")("json",
                                                              "one JSON object on standard output");
  if (!line.parse(arguments)) return 0;
  if (!line.has("analysis")) {
    throw InputError(
        "this build times fits alone (it has no LibTorch to train with); add --analysis");
  }
  nlohmann::json rows = nlohmann::json::array();
  const auto add = [&](const std::string& what, int threads, double seconds) {
    rows.push_back({{"what", what}, {"threads", threads}, {"seconds", seconds}});
    if (!line.has("json"))
      fmt::print("{:<58} {:>2} thread{}  {:.4f} s\n", what, threads, threads == 1 ? " " : "s",
                 seconds);
  };
  const std::vector<Point> points = made_points(kPoints);
  for (const Law& law : laws()) {
    PointTable table;
    table.other_columns = {"unique_tokens"};
    table.points = points;
    for (Point& point : table.points) point.other = {"1e10"};
    const LawData data = law_data(law, table, table.points, {});
    // The median of five: the first pays for cold caches.
    std::vector<double> times;
    for (int i = 0; i < 5; ++i) times.push_back(seconds_of([&] { solve_law(law, data, {}, {}); }));
    std::sort(times.begin(), times.end());
    add(fmt::format("one fit of {} on {} points", law.name, kPoints), 1, times[2]);
    if (law.exponent_of_term.empty()) continue;
    const double value = solve_law(law, data, {}, {}).value;
    times.clear();
    for (int i = 0; i < 5; ++i)
      times.push_back(seconds_of([&] { certify(law, data, {}, {}, value); }));
    std::sort(times.begin(), times.end());
    add("  certificate of that fit", 1, times[2]);
  }
  const Law& law = law_named("chinchilla");
  const LawData data = law_data(law, points);
  const int threads = std::max(1, line.get<int>("threads"));
  add("200 resamples of chinchilla, each from every start", 1, resamples(law, data, 200, 1));
  add("4000 resamples of chinchilla, each from every start", threads,
      resamples(law, data, 4000, threads));
  add("report on a study of 200 trials, 1000 draws", 1, report_seconds());
  if (line.has("json")) print_json(nlohmann::json{{"analysis", rows}});
  return 0;
}

}  // namespace isoloss
