// What a rank did, for people: logs/HOST-rank-N.log in the study folder, a line an event with the
// time (UTC), the study and, where it concerns one, the run or trial. Every start appends; past a
// size the file is renamed to .1 and those before it to .2 and .3, the oldest goes. Nothing reads
// it, and a line that cannot be written is left out: training does not depend on it. The file is
// opened for each line, where a library's sink (spdlog's) keeps it open and counts its own bytes:
// of two jobs that share a name one would write on into what the other has renamed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "results/study_folder.h"
#include "sweeps/plan.h"

namespace isoloss {

class RankLog {
 public:
  static constexpr std::uintmax_t kRotateAt = std::uintmax_t{1} << 20;  // bytes
  static constexpr int kOlder = 3;                                      // files kept beside it

  RankLog(const StudyFolder& folder, std::string study, std::int64_t rank,
          std::uintmax_t rotate_at = kRotateAt);

  void say(const std::string& text) const;
  // About a run: ARCHITECTURE SIZE, its learning rate, seed and id stand before the text.
  void say(const PlannedRun& run, const std::string& text) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  void rotate() const;

  std::filesystem::path path_;
  std::string study_;
  std::uintmax_t rotate_at_;
};

}  // namespace isoloss
