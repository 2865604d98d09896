#include "harness/study/progress_display.h"

#include <unistd.h>

#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "harness/files/run_storage.h"
#include "harness/progress/drawn_lines.h"
#include "harness/progress/progress_text.h"
#include "harness/progress/study_tally.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kDrawEvery = std::chrono::milliseconds(500);
constexpr auto kReadEvery = std::chrono::seconds(2);
constexpr auto kPlainEvery = std::chrono::seconds(10);

class Screen {
 public:
  explicit Screen(bool terminal) : terminal_(terminal) {}

  void draw(const std::vector<RankReport>& reports, const StudyTally& tally, bool last) {
    if (!terminal_) {
      const bool news = tally.trials_done + tally.trials_failed != shown_;
      if (!news && !last && Clock::now() - plain_ < kPlainEvery) return;
      plain_ = Clock::now();
      shown_ = tally.trials_done + tally.trials_failed;
      tell(tally_line(tally));
      return;
    }
    std::vector<std::string> lines;
    for (const RankReport& report : reports)
      if (!report.run.empty() && !last) lines.push_back(rank_line(report));
    lines.push_back(tally_line(tally));
    lines_.draw(lines);
  }

 private:
  bool terminal_;
  DrawnLines lines_;
  std::size_t shown_ = 0;
  Clock::time_point plain_ = Clock::now();
};

}  // namespace

ProgressDisplay::ProgressDisplay(StudyFolder folder, StudyPlan plan)
    : folder_(std::move(folder)), plan_(std::move(plan)), showing_([this] { show(); }) {}

ProgressDisplay::~ProgressDisplay() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  showing_.join();
}

void ProgressDisplay::show() {
  StudyReader reader(folder_);
  Screen screen(::isatty(STDERR_FILENO) == 1);
  std::vector<RunProgress> progress;
  std::vector<SearchDecision> decisions;
  Clock::time_point read{};
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = ended_.wait_for(lock, kDrawEvery, [this] { return ending_; });
    }
    try {
      if (last || Clock::now() - read >= kReadEvery) {
        progress = reader.progress(plan_);
        decisions = reader.decisions();
        read = Clock::now();
      }
      const auto reports = read_rank_reports(folder_);
      screen.draw(reports, study_tally(plan_, progress, decisions, reports), last);
    } catch (const std::exception&) {
      // The display reads what others write and remove; whoever trains reports what is wrong.
    }
  }
}

}  // namespace isoloss
