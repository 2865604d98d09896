#include "analysis/points/points_digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <tuple>

#include "results/file_seal.h"

namespace isoloss {
namespace {

// NaN has no place in an order; every number that may be absent is positive.
double sortable(double value) { return std::isnan(value) ? -1 : value; }

auto place_of(const Point& p) {
  return std::tuple(std::string_view(p.architecture), sortable(p.parameters),
                    std::string_view(p.size), p.seed, sortable(p.learning_rate), sortable(p.budget),
                    p.flops, p.loss, std::string_view(p.run), std::string_view(p.role));
}

}  // namespace

InputDigest input_digest(const PointTable& table) {
  PointTable sorted;
  sorted.points = table.points;
  sorted.flops_convention = table.flops_convention;
  sorted.tokenizer_hash = table.tokenizer_hash;
  sorted.held_out_hash = table.held_out_hash;
  sorted.floor = table.floor;
  sorted.other_columns = table.other_columns;
  std::vector<std::string> runs;
  for (const RunRecord& run : table.runs) runs.push_back(run.header.id);
  std::stable_sort(sorted.points.begin(), sorted.points.end(),
                   [](const Point& a, const Point& b) { return place_of(a) < place_of(b); });
  std::sort(runs.begin(), runs.end());
  std::ostringstream text;
  write_points_csv(text, sorted);
  for (const std::string& run : runs) text << "# run: " << run << '\n';
  InputDigest out{"", text.str()};
  out.digest = fmt::format("{:016x}", checksum(out.text));
  return out;
}

std::string origin_of(const InputDigest& digest) {
  return "isoloss report of data " + digest.digest;
}

}  // namespace isoloss
