#include "harness/cli/eval_tasks.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

#include "harness/cli/eval_ranks.h"
#include "harness/cli/eval_request.h"
#include "harness/cli/launcher_option.h"
#include "harness/cli/on_every_rank.h"
#include "harness/cli/score_listing.h"
#include "harness/cli/score_models.h"
#include "harness/ranks/agreed.h"
#include "harness/ranks/stop_signal.h"
#include "harness/study/study_outcome.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

// A line for all: who asks for what a file holds wants no more of it.
void tell_absent(const std::vector<TaskCard>& cards) {
  if (cards.empty()) return;
  std::string names;
  for (const TaskCard& card : cards) names += (names.empty() ? "" : ", ") + card.task;
  tell(
      fmt::format("not in the task data file, and not scored: {} (isoloss data prepare-tasks adds "
                  "their data sets where it finds them)",
                  names));
}

int score_asked(const CommandLine& line, const EvalRequest& asked, Communicator& ranks) {
  const bool leads = ranks.rank() == 0, study = line.has("DIR");
  if (leads)
    for (const std::string& left : asked.suite.left_out) tell(left);
  if (leads) tell_absent(asked.suite.absent);
  ScoreListing listing(line.has("json"), study);
  const std::atomic<bool>& signalled = stop_on_signals();
  const EvalScoring scoring{ranks,
                            [&] { return agreed(signalled, ranks); },
                            asked.suite,
                            asked.options,
                            scores_place(line),
                            [&](const TaskScores& scores) { listing.add(scores); }};
  if (leads) listing.begin();
  int failed = static_cast<int>(asked.suite.left_out.size());
  for (const EvalCandidate& candidate : asked.candidates) {
    try {
      failed += score_candidate(scoring, candidate, asked.data);
    } catch (const InputError& error) {
      if (!study) throw;
      ++failed;
      if (leads) tell(error.what());
    }
  }
  if (leads) listing.end();
  return failed > 0 ? kExitFailed : kExitDone;
}

}  // namespace

int eval_tasks(const CommandLine& line, Arguments arguments) {
  if (starts_ranks(line)) {
    read_eval_request(line);  // for its checks: said once
    return eval_with_ranks(line, arguments);
  }
  return eval_as_rank([&](Communicator& ranks) {
    const EvalRequest asked = on_every_rank(ranks, [&] { return read_eval_request(line); });
    return score_asked(line, asked, ranks);
  });
}

}  // namespace isoloss
