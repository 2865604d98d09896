// Points of a study folder: one for each evaluation, with its role in the learning-rate search.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <system_error>

#include "analysis/points/points.h"
#include "analysis/points/search_roles.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/study_folder.h"

namespace isoloss {
namespace {

double flops_per_token(const RunHeader& header, const std::string& convention) {
  std::vector<std::string> known;
  for (const auto& [name, flops] : header.flops_per_token) {
    if (name == convention) return flops;
    known.push_back(name);
  }
  throw InputError(fmt::format("FLOP convention '{}' (run {} has none of that name){}", convention,
                               header.id, suggestion(convention, known)));
}

void require_comparable(const PointTable& table, const RunHeader& header) {
  const RunHeader& first = table.runs.front().header;
  const auto refuse = [&](const char* what, const std::string& a, const std::string& b) {
    throw InputError(
        fmt::format("{}: runs {} and {} differ in {} ({} and {}: their losses do not compare); "
                    "analyse folders of "
                    "one {} at a time",
                    table.source, first.id, header.id, what, a, b, what));
  };
  if (first.tokenizer_hash != header.tokenizer_hash) {
    refuse("tokenizer", first.tokenizer_hash, header.tokenizer_hash);
  }
  if (first.held_out_hash != header.held_out_hash) {
    refuse("held-out text", first.held_out_hash, header.held_out_hash);
  }
}

Point point_of(const RunHeader& header, const Evaluation& evaluation, double flops) {
  Point point;
  point.architecture = header.architecture;
  point.parameters = static_cast<double>(header.parameters_total);
  point.parameters_embedding = static_cast<double>(header.parameters_embedding);
  point.tokens = evaluation.tokens;
  point.flops = flops;
  point.loss = evaluation.loss;
  point.size = header.size;
  point.seed = static_cast<std::int64_t>(header.seed);
  point.has_seed = true;
  point.budget = evaluation.budget;
  point.budget_unit = evaluation.budget_unit;
  point.learning_rate = header.learning_rate;
  point.wall_seconds = evaluation.seconds;
  point.bits_per_byte = evaluation.loss / std::numbers::ln2 / header.bytes_per_token;
  point.run = header.id;
  point.sequence_losses = evaluation.sequence_losses;
  return point;
}

}  // namespace

PointTable read_points_folder(const std::filesystem::path& folder, const std::string& convention,
                              bool all) {
  const StudyFolder study{folder};
  PointTable table;
  table.source = folder.string();
  table.flops_convention = convention;
  std::error_code unseen;
  if (!std::filesystem::is_directory(folder, unseen)) {
    throw InputError(
        fmt::format("{}: no points (there is no such folder); give the folder of a study that has "
                    "run",
                    table.source));
  }
  for (const std::string& id : run_ids(study)) {
    if (auto run = read_run(study, id)) table.runs.push_back(std::move(*run));
  }
  if (table.runs.empty()) {
    throw InputError(
        fmt::format("{}: no points (the folder holds no run); give the folder of a study "
                    "that has run, or a CSV file",
                    table.source));
  }
  const SearchRoles roles(table.runs, read_decisions(study), asked_search(study.study_file()));
  table.decisions = roles.counting();
  table.tokenizer_hash = table.runs.front().header.tokenizer_hash;
  table.held_out_hash = table.runs.front().header.held_out_hash;
  table.floor = table.runs.front().header.floor;
  for (const RunRecord& run : table.runs) {
    require_comparable(table, run.header);
    for (const Evaluation& evaluation : run.evaluations) {
      if (!std::isfinite(evaluation.loss)) continue;
      const double flops = convention == "exact"
                               ? evaluation.flops
                               : evaluation.tokens * flops_per_token(run.header, convention);
      Point point = point_of(run.header, evaluation, flops);
      point.role = roles.role_of(run.header, point.budget);
      if (all || is_result(point)) table.points.push_back(std::move(point));
    }
  }
  return table;
}

}  // namespace isoloss
