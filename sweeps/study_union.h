// One study file for the folders of a study that was run in several places: they may differ in the
// values that a grid lists, which are added, and in how runs are trained where that changes no
// number.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// The text of a study file that holds every grid value of all `files`: that of a file which holds
// them all where there is one, else the first one's with the others' values behind its own, without
// comments. What changes no number is that file's own: device, ranks_per_device, time_limit,
// tensor_parallel, data_parallel, recompute and checkpoint_every of `run`, score_points and folders
// of task cards of `evaluate`. Reads no data. InputError naming every key in which two files differ
// otherwise: another value, another first seed, an entry of the same name with another meaning.
std::string united_study_text(std::span<const std::filesystem::path> files);

// A key that means one thing in a study file and another in a second one.
struct KeyDifference {
  std::string key;    // optimizer.batch_tokens, or grid.size (NAME) of an entry
  std::string first;  // their values in one spelling, "nothing" where the key is not there
  std::string second;
  int line = 0;  // of the first file; 0 where the key is not there

  bool operator==(const KeyDifference&) const = default;
};

// What a study's file was, `before`, and is to be.
struct StudyUpdate {
  // Where `now` means another thing: by the rules above, but that it may exclude what it likes.
  std::vector<KeyDifference> differences;
  // `now` as it stands where it holds every grid value of `before`; `before` where that holds all
  // of `now` and nothing differs; else `now` with the other values behind its own, without
  // comments. The rates of a search are no such values: `now` says which are searched.
  std::string text;
};
StudyUpdate study_update(const std::filesystem::path& now, const std::filesystem::path& before);

}  // namespace isoloss
