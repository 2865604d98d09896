#include "results/merge.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/findings.h"
#include "results/quiet_folder.h"
#include "results/run_difference.h"
#include "results/set_aside.h"
#include "results/study_sum.h"
#include "results/verify.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

// Removed on every way out but its commit.
class FolderInTheMaking {
 public:
  explicit FolderInTheMaking(const fs::path& place)
      : place_(place), folder_{temporary_beside(place)} {
    for (const fs::path& path :
         {folder_.runs(), folder_.decisions(), folder_.data(), folder_.ranks()}) {
      std::error_code failure;
      fs::create_directories(path, failure);
      if (failure) throw_write_error(place, failure.value());
    }
  }
  ~FolderInTheMaking() {
    std::error_code ignored;
    if (!committed_) fs::remove_all(folder_.root, ignored);
  }
  FolderInTheMaking(const FolderInTheMaking&) = delete;
  FolderInTheMaking& operator=(const FolderInTheMaking&) = delete;

  const StudyFolder& folder() const { return folder_; }
  void commit() {
    move_durably(folder_.root, place_);
    committed_ = true;
  }

 private:
  fs::path place_;
  StudyFolder folder_;
  bool committed_ = false;
};

// OUT, OUT/ and OUT/. are one place, and what is beside the others would lie inside it.
fs::path plain_place(const fs::path& place) {
  const fs::path plain = fs::weakly_canonical(fs::absolute(place));
  return plain.has_filename() || !plain.has_relative_path() ? plain : plain.parent_path();
}

bool lies_in(const fs::path& place, const fs::path& folder) {
  const auto [end, ignored] = std::ranges::mismatch(folder, place);
  return end == folder.end();
}

void check_place(std::span<const StudyFolder> sources, const fs::path& out) {
  std::error_code unseen;
  if (plain_place(out) == plain_place("."))
    throw InputError("cannot make " + out.string() +
                     " (it is the folder in which this runs); name a folder that is not there");
  for (const StudyFolder& source : sources)
    if (lies_in(plain_place(out), plain_place(source.root)))
      throw InputError("cannot make " + out.string() + " (it lies in " + source.root.string() +
                       ", which stays as it is); name a folder elsewhere");
  if (fs::exists(out, unseen) && !(fs::is_directory(out, unseen) && fs::is_empty(out, unseen)))
    throw InputError("cannot make " + out.string() +
                     " (it is there already); name a folder that is not");
}

void check_source(const StudyFolder& source, std::chrono::milliseconds patience) {
  for (const Finding& finding : verify_study(source))
    if (finding.severity == Severity::Unread)
      throw InputError("cannot join " + source.root.string() + " (" + finding.path.string() + ": " +
                       finding.problem.substr(0, finding.problem.find(';')) +
                       "); make it readable, or join with the version of isoloss that wrote it");
    else if (finding.severity == Severity::Damage)
      throw InputError("cannot join " + source.root.string() + " (" + finding.path.string() + ": " +
                       finding.problem.substr(0, finding.problem.find(';')) +
                       "); mend it first by `isoloss repair`");
  ClaimObserver observer(patience);
  wait_for_quiet(source, observer, patience);
}

bool equal_arms(const DecisionArm& a, const DecisionArm& b) {
  return a.run == b.run && a.learning_rate == b.learning_rate && a.diverged == b.diverged &&
         same_number(a.selection_loss, b.selection_loss);
}

// Empty where both decide the same.
std::string decision_difference(const Decision& a, const Decision& b) {
  if (a.winner != b.winner) return "winner '" + a.winner + "' and '" + b.winner + "'";
  if (a.runner_up != b.runner_up)
    return "runner-up '" + a.runner_up + "' and '" + b.runner_up + "'";
  if (!std::ranges::equal(a.arms, b.arms, equal_arms)) return "the losses of its arms";
  Decision same = a;
  same.arms = b.arms;
  return same == b ? "" : "what it holds for";
}

std::size_t join_decisions(std::span<const StudyFolder> sources, const StudyFolder& out) {
  std::map<std::string, std::pair<Decision, std::size_t>> decided;
  for (std::size_t i = 0; i < sources.size(); ++i)
    for (const Decision& decision : read_decisions(sources[i])) {
      const auto [known, first] = decided.try_emplace(decision.key, decision, i);
      const std::string difference = decision_difference(known->second.first, decision);
      if (!difference.empty())
        throw WorkError("decision " + decision.key + " differs between " +
                        sources[known->second.second].root.string() + " and " +
                        sources[i].root.string() + " (" + difference +
                        "); decide which is right and move the other away");
      if (first) publish_decision(out, decision);
    }
  return decided.size();
}

bool equal_files(const fs::path& a, const fs::path& b) {
  if (fs::file_size(a) != fs::file_size(b)) return false;
  std::ifstream first(a, std::ios::binary), second(b, std::ios::binary);
  std::vector<char> one(std::size_t{1} << 20), other(one.size());
  while (first && second) {
    first.read(one.data(), static_cast<std::streamsize>(one.size()));
    second.read(other.data(), static_cast<std::streamsize>(other.size()));
    if (first.gcount() != second.gcount() ||
        !std::equal(one.begin(), one.begin() + first.gcount(), other.begin()))
      return false;
  }
  return first.eof() && second.eof();
}

void join_tokens(std::span<const StudyFolder> sources, const StudyFolder& out) {
  std::map<fs::path, fs::path> taken;
  for (const StudyFolder& source : sources)
    for (const fs::path& path : files_in(source.data())) {
      if (is_temporary(path) || is_set_aside(path) || !fs::is_regular_file(path)) continue;
      const auto [known, first] = taken.try_emplace(path.filename(), path);
      if (first)
        copy_durably(path, out.data() / path.filename());
      else if (!equal_files(known->second, path))
        throw WorkError(
            known->second.string() + " and " + path.string() +
            " differ (one name, two contents: the studies trained on different tokens); join only "
            "folders whose tokens are of one text");
    }
}

}  // namespace

Merge merge_studies(std::span<const StudyFolder> sources, const std::string& study_text,
                    const fs::path& out, std::chrono::milliseconds patience) {
  check_place(sources, out);
  for (const StudyFolder& source : sources) check_source(source, patience);
  FolderInTheMaking making(plain_place(out));
  Merge merge;
  merge.runs_from.resize(sources.size());
  std::set<std::string> ids;
  for (const StudyFolder& source : sources)
    for (const std::string& id : run_ids(source))
      if (is_run_id(id)) ids.insert(id);
  std::map<std::string, JoinedRun> runs;
  for (const std::string& id : ids)
    if (const auto joined = join_run(sources, id, making.folder())) {
      ++merge.runs;
      ++merge.runs_from[joined->source];
      if (joined->holders > 1) ++merge.shared;
      runs.emplace(id, *joined);
    }
  merge.decisions = join_decisions(sources, making.folder());
  join_tokens(sources, making.folder());
  merge.scores_left = join_scores(sources, runs, making.folder());
  write_durably(making.folder().study_file(), with_study_sum(study_text));
  for (const Finding& finding : verify_study(making.folder()))
    if (!is_harmless(finding.severity))
      throw WorkError("the folders cannot be joined (" +
                      finding.path.lexically_relative(making.folder().root).string() + " " +
                      finding.problem.substr(0, finding.problem.find(';')) +
                      "); decide which folder is right and move the other's files away");
  making.commit();
  return merge;
}

}  // namespace isoloss
