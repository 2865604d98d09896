#include "harness/study/study_file_update.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/study_sum.h"
#include "sweeps/plan.h"
#include "sweeps/study_union.h"

namespace isoloss {
namespace {

constexpr std::size_t kShown = 40;  // characters of a value that a message repeats

bool holds_results(const StudyFolder& folder) {
  const auto trained = [&](const std::string& id) {
    return std::filesystem::exists(folder.run_file(id)) ||
           std::filesystem::exists(folder.journal(id));
  };
  return std::ranges::any_of(run_ids(folder), trained) || !files_in(folder.decisions()).empty();
}

nlohmann::json data_of(const std::string& spec_json) {
  return nlohmann::json::parse(spec_json).at("data");
}

// Of the first run that can be read; verify names those that cannot.
std::optional<nlohmann::json> stored_data(const StudyFolder& folder) {
  for (const std::string& id : run_ids(folder)) {
    try {
      if (const auto run = read_run(folder, id)) return data_of(run->header.spec_json);
    } catch (const std::exception&) {
    }
  }
  return std::nullopt;
}

bool is_of_data(const KeyDifference& difference) {
  return difference.key == "data" || difference.key.starts_with("data.");
}

// Identity is what the files hold, never their paths (run_spec.h).
void drop_moved_data(const StudyFolder& folder, const Study& study,
                     std::vector<KeyDifference>& differences) {
  if (std::ranges::none_of(differences, is_of_data)) return;
  if (stored_data(folder) == data_of(canonical_json(study.base)))
    std::erase_if(differences, is_of_data);
}

std::set<std::string> run_names(const Study& study) {
  std::set<std::string> ids;
  for (const PlannedRun& run : make_plan(study).runs) ids.insert(run.id);
  return ids;
}

// A value may be said that was left to its default, or the other way round: a run's name follows
// from all that its numbers depend on.
bool spells_the_same(const StudyFolder& folder, const Study& study,
                     const std::vector<KeyDifference>& differences) {
  const auto of_grid = [](const KeyDifference& d) { return d.key.starts_with("grid"); };
  if (std::ranges::any_of(differences, of_grid)) return false;
  try {
    return std::ranges::includes(run_names(study), run_names(read_study(folder.study_file())));
  } catch (const InputError&) {
    return false;  // its data have moved, say
  }
}

std::string change_of(const KeyDifference& difference) {
  if (difference.first.size() > kShown || difference.second.size() > kShown) return "";
  return fmt::format(" from {} to {}", difference.second, difference.first);
}

[[noreturn]] void refuse(const StudyFolder& folder, const Study& study,
                         const std::vector<KeyDifference>& differences) {
  std::string problem = "changed" + change_of(differences.front());
  for (std::size_t i = 1; i < differences.size(); ++i)
    problem += fmt::format("{} {}{}", i + 1 == differences.size() ? " and" : ",",
                           differences[i].key, change_of(differences[i]));
  const int line = differences.front().line;
  throw InputError(fmt::format(
      "{}{}: {}: {} since {} was begun (its trials would mean two things); start a new study with "
      "another --out, or take the change back: added grid values extend this one",
      study.file.string(), line > 0 ? fmt::format(":{}", line) : "", differences.front().key,
      problem, folder.root.string()));
}

// Between reading the folder's study file and replacing it nobody else does. Some network file
// systems give no such lock: there two starts within that moment may leave one file's values out
// until its next start.
class FolderLock {
 public:
  explicit FolderLock(const StudyFolder& folder)
      : folder_(::open(folder.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (folder_ >= 0 && ::flock(folder_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~FolderLock() {
    if (folder_ >= 0) ::close(folder_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int folder_;
};

}  // namespace

std::string study_text_to_store(const StudyFolder& folder, const Study& study) {
  std::string own = read_file(study.file);
  if (!std::filesystem::exists(folder.study_file())) return own;
  const bool damaged = !study_sum_fits(read_file(folder.study_file()));
  const auto name = study_name(folder.study_file());
  if (!name) return own;  // as `verify` says, which names it
  if (name != study.name)
    throw InputError(fmt::format(
        "{} holds another study ('{}' in study.yaml, and {} is '{}'); name another folder with "
        "--out",
        folder.root.string(), *name, study.file.string(), study.name));
  if (damaged) return own;
  StudyUpdate update = study_update(study.file, folder.study_file());
  drop_moved_data(folder, study, update.differences);
  if (update.differences.empty()) return update.text;
  if (holds_results(folder) && !spells_the_same(folder, study, update.differences))
    refuse(folder, study, update.differences);
  return own;
}

void store_study_file(const StudyFolder& folder, const Study& study) {
  const FolderLock lock(folder);
  const auto file = folder.study_file();
  // Without the lock, two first files still become one of both.
  if (!std::filesystem::exists(file) &&
      publish_once(file, with_study_sum(study_text_to_store(folder, study))))
    return;
  const std::string content = with_study_sum(study_text_to_store(folder, study));
  if (read_file(file) != content) write_durably(file, content);
}

}  // namespace isoloss
