// Points: the table every analysis reads. A CSV (columns in docs/format.md) or a study folder gives
// the same table; a folder also gives per-sequence held-out losses, so that differences are paired.
#pragma once
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "results/decision.h"
#include "results/run_record.h"

namespace isoloss {

struct Point {
  std::string architecture;
  double parameters = 0;  // NaN where the CSV leaves it empty
  double tokens = 0;      // NaN where the CSV leaves it empty
  double flops = 0;
  double loss = 0;  // nats per token
  // Optional columns; NaN or empty where absent.
  std::string size;
  std::int64_t seed = 0;
  bool has_seed = false;
  double budget = 0;  // nominal; NaN where absent
  double learning_rate = 0;
  double wall_seconds = 0;
  double bits_per_byte = 0;
  double parameters_embedding = 0;
  std::string run;                 // run id: points of one run are one draw
  std::string role;                // result, arm, check or superseded (search_roles.h)
  std::vector<std::string> other;  // a CSV's further columns, as PointTable::other_columns
  // From a study folder only.
  std::string budget_unit;  // flops, tokens or tokens_per_parameter
  std::vector<float> sequence_losses;
};

struct PointTable {
  std::string source;  // file or folder as given
  std::vector<Point> points;
  std::string flops_convention = "exact";  // empty for a CSV that does not say
  std::optional<double> floor;             // exact floor of the held-out text, where it is known
  std::string tokenizer_hash;              // empty where not known
  std::string held_out_hash;               // empty where not known
  std::vector<std::string> other_columns;  // of a CSV: kept, not used
  // From a study folder only.
  std::vector<RunRecord> runs;      // curves for the report; scores
  std::vector<Decision> decisions;  // that count (search_roles.h)
};

// Reads a CSV. `#` starts a comment line. InputError with file, line and column: a required column
// missing (the nearest named) or a known one spelt otherwise, not a finite number, nonpositive
// FLOPs or loss, ragged row, no architecture; comments that name two conventions, hashes or floors.
PointTable read_points_csv(const std::filesystem::path& file);

// Reads a study folder: every evaluation of every run, roles from the decisions; with `all` false
// only role `result`. `convention` is one of by_convention's names. InputError where runs differ in
// tokenizer or held-out hash, or the folder holds no run.
PointTable read_points_folder(const std::filesystem::path& folder, const std::string& convention,
                              bool all);

// The one or the other by what `path` is. InputError where a CSV is asked for another convention
// than it names: it has FLOPs of one alone.
PointTable read_points(const std::filesystem::path& path, const std::string& convention = "exact",
                       bool all = false);

// Writes the CSV at full precision. Comment lines before the header name the FLOP convention, the
// hashes and the floor, and read_points_csv reads them back.
void write_points_csv(std::ostream& out, const PointTable& table);

// Whether analysis uses the point: a result, not what a search left behind.
bool is_result(const Point& point);

// Architectures in order of first appearance.
std::vector<std::string> architectures_of(const PointTable& table);

}  // namespace isoloss
