#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/merge.h"
#include "results/score_difference.h"
#include "results/task_scores_file.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

// A file of scores in one of the sources.
struct Found {
  std::size_t source = 0;
  fs::path path;
  std::string bytes;
  TaskScores scores;
};

Found found_in(std::size_t source, const fs::path& path) {
  Found found{source, path, read_file(path), {}};
  found.scores = task_scores_from(found.bytes, path);
  return found;
}

// Not where other folders hold its run and this one does not.
bool is_of_kept_weights(const Found& found, const std::map<std::string, JoinedRun>& runs) {
  const auto run = runs.find(found.scores.model);
  return run == runs.end() || run->second.trained.empty() ||
         std::ranges::find(run->second.trained, found.source) != run->second.trained.end();
}

// The one that is kept comes first.
void put_in_order(std::vector<Found>& copies, const std::map<std::string, JoinedRun>& runs) {
  std::ranges::stable_sort(copies, {}, [&](const Found& found) {
    const auto run = runs.find(found.scores.model);
    const bool own = run != runs.end() && run->second.source == found.source;
    return std::tuple(-std::ssize(found.scores.items), !own);
  });
}

void check_alike(const Found& kept, const Found& other) {
  if (kept.bytes == other.bytes) return;
  const std::string difference = first_difference(kept.scores, other.scores);
  if (!difference.empty())
    throw WorkError(kept.path.string() + " and " + other.path.string() +
                    " differ (one trial and task, two scores; " + difference +
                    "); score one folder again, or move the wrong file away");
}

}  // namespace

std::size_t join_scores(std::span<const StudyFolder> sources,
                        const std::map<std::string, JoinedRun>& runs, const StudyFolder& out) {
  std::map<fs::path, std::vector<std::pair<std::size_t, fs::path>>> named;
  for (std::size_t i = 0; i < sources.size(); ++i)
    for (const fs::path& path : task_scores_files(sources[i]))
      named[path.lexically_relative(sources[i].scores())].emplace_back(i, path);
  std::size_t left = 0;
  for (const auto& [name, places] : named) {
    std::vector<Found> copies;
    for (const auto& [source, path] : places) copies.push_back(found_in(source, path));
    std::erase_if(copies, [&](const Found& found) { return !is_of_kept_weights(found, runs); });
    if (copies.empty()) {
      ++left;
      continue;
    }
    put_in_order(copies, runs);
    for (const Found& other : copies) check_alike(copies.front(), other);
    write_durably(out.scores() / name, copies.front().bytes);
  }
  return left;
}

}  // namespace isoloss
