#include "harness/study/rank_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <system_error>
#include <utility>

#include "harness/ranks/rank_groups.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

fs::path older(const fs::path& path, int times) {
  return times == 0 ? path : fs::path(fmt::format("{}.{}", path.string(), times));
}

// One write: where two jobs share a name their lines stand one after the other.
void append_line(const fs::path& path, const std::string& line) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return;
  (void)!::write(file, line.data(), line.size());
  ::close(file);
}

}  // namespace

RankLog::RankLog(const StudyFolder& folder, std::string study, std::int64_t rank,
                 std::uintmax_t rotate_at)
    : path_(folder.logs() / fmt::format("{}-rank-{}.log", host_name(), rank)),
      study_(std::move(study)),
      rotate_at_(rotate_at) {}

void RankLog::say(const std::string& text) const {
  std::error_code failure;
  fs::create_directories(path_.parent_path(), failure);
  const std::uintmax_t size = fs::file_size(path_, failure);
  if (!failure && size >= rotate_at_) rotate();
  append_line(path_, fmt::format("{:%Y-%m-%dT%H:%M:%SZ} {} {}\n", fmt::gmtime(std::time(nullptr)),
                                 study_, text));
}

void RankLog::say(const PlannedRun& run, const std::string& text) const {
  say(fmt::format("{} {} lr {} seed {} run {}: {}", run.spec.model.architecture,
                  run.spec.model.size, run.spec.optimizer.learning_rate, run.spec.seed, run.id,
                  text));
}

void RankLog::rotate() const {
  for (int times = kOlder; times > 0; --times) {
    std::error_code absent;
    fs::rename(older(path_, times - 1), older(path_, times), absent);
  }
}

}  // namespace isoloss
