#include <algorithm>
#include <tuple>

#include "model/spec/error.h"
#include "results/checkpoint_names.h"
#include "results/durable_file.h"
#include "results/findings.h"
#include "results/merge.h"
#include "results/run_difference.h"
#include "results/run_file.h"
#include "results/run_parts.h"
#include "results/set_aside.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

struct Holder {
  std::size_t source = 0;
  RunRecord record;               // empty where the run only failed there
  std::int64_t goes_on_from = 0;  // newest checkpoint, or what is stored
  std::size_t attempts = 0;
};

std::optional<Holder> holder_of(const StudyFolder& folder, std::size_t source,
                                const std::string& id) {
  if (!fs::is_directory(folder.run(id))) return std::nullopt;
  const std::optional<RunRecord> record = read_run(folder, id);
  const std::size_t attempts = read_attempts(folder, id).size();
  if (!record && attempts == 0) return std::nullopt;
  Holder holder{source, record.value_or(RunRecord{}), 0, attempts};
  const auto checkpoints = checkpoint_steps(folder.run(id));
  if (!checkpoints.empty()) holder.goes_on_from = checkpoints.back();
  if (fs::exists(folder.run_file(id)))
    holder.goes_on_from =
        std::max(holder.goes_on_from, last_step(read_run_file(folder.run_file(id))));
  return holder;
}

// A run that diverged is over: nothing goes further.
auto progress_of(const Holder& holder) {
  return std::tuple(holder.record.state == RunState::Diverged, holder.goes_on_from,
                    last_step(holder.record), holder.record.evaluations.size(),
                    holder.record.scores.size(), holder.attempts);
}

// Evaluations and scores of `from` that `to` does not hold and whose steps it has.
bool add_missing(const RunRecord& from, RunRecord& to) {
  const std::size_t before = to.evaluations.size() + to.scores.size();
  const std::int64_t end = last_step(to);
  std::vector<RunEvent> events;
  for (const Evaluation& evaluation : from.evaluations)
    if (evaluation.step <= end) events.emplace_back(evaluation);
  for (const Score& score : from.scores)
    if (score.step <= end) events.emplace_back(score);
  add_later_events(to, events);
  return to.evaluations.size() + to.scores.size() > before;
}

bool belongs_to_run(const StudyFolder& folder, const std::string& id, const fs::path& path) {
  return !is_temporary(path) && !is_set_aside(path) && path != folder.claim(id) &&
         (path == folder.run_file(id) || path == folder.journal(id) || attempt_number(path) ||
          checkpoint_step(path) || checkpoint_step(path, kKeptSuffix));
}

// A file, or the folder of a checkpoint that several ranks wrote.
void copy_whole(const fs::path& from, const fs::path& to) {
  if (!fs::is_directory(from)) return copy_durably(from, to);
  for (const fs::path& path : files_in(from))
    if (!is_temporary(path)) copy_durably(path, to / path.filename());
}

void copy_run(const StudyFolder& from, const std::string& id, const StudyFolder& out) {
  for (const fs::path& path : files_in(from.run(id)))
    if (belongs_to_run(from, id, path)) copy_whole(path, out.run(id) / path.filename());
  for (const fs::path& path : files_in(from.again(id)))
    if (belongs_to_run(from, id, path)) copy_whole(path, out.again(id) / path.filename());
}

// Branches of the trunk may begin from any of them.
void copy_kept(const StudyFolder& from, const std::string& id, const StudyFolder& out) {
  for (const std::int64_t step : checkpoint_steps(from.run(id), kKeptSuffix)) {
    const std::string name = "checkpoint-" + std::to_string(step) + std::string(kKeptSuffix);
    if (!fs::exists(out.run(id) / name)) copy_whole(from.run(id) / name, out.run(id) / name);
  }
}

}  // namespace

std::optional<JoinedRun> join_run(std::span<const StudyFolder> sources, const std::string& id,
                                  const StudyFolder& out) {
  std::vector<Holder> holders;
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (auto holder = holder_of(sources[i], i, id)) holders.push_back(std::move(*holder));
  if (holders.empty()) return std::nullopt;
  for (auto a = holders.begin(); a != holders.end(); ++a)
    for (auto b = a + 1; b != holders.end(); ++b) {
      if (a->record.header.id.empty() || b->record.header.id.empty()) continue;
      const std::string difference = first_difference(a->record, b->record);
      if (!difference.empty())
        throw WorkError("run " + id + " differs between " + sources[a->source].root.string() +
                        " and " + sources[b->source].root.string() + " (" + difference +
                        "); decide which is right and move the other's folder runs/" + id +
                        " away");
    }
  const auto furthest = std::ranges::max_element(
      holders, {}, [](const Holder& holder) { return progress_of(holder); });
  const StudyFolder& from = sources[furthest->source];
  copy_run(from, id, out);
  std::optional<RunRecord> stored;
  bool added = false;
  for (const Holder& holder : holders) {
    if (&holder == &*furthest) continue;
    copy_kept(sources[holder.source], id, out);
    if (holder.record.evaluations.empty() && holder.record.scores.empty()) continue;
    if (!stored)
      stored = fs::exists(from.run_file(id)) ? read_run_file(from.run_file(id)) : furthest->record;
    added = add_missing(holder.record, *stored) || added;
  }
  if (added) write_run_file(out.run_file(id), *stored);
  JoinedRun joined{furthest->source, holders.size(), {}};
  for (const Holder& holder : holders)
    if (!holder.record.header.id.empty()) joined.trained.push_back(holder.source);
  return joined;
}

}  // namespace isoloss
