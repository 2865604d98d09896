#include "harness/study/block_leader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iterator>
#include <thread>

#include "harness/progress/run_progress.h"
#include "harness/ranks/block_exchange.h"
#include "harness/study/run_deaths.h"
#include "harness/study/study_setup.h"
#include "harness/study/supervised.h"
#include "harness/training/checkpoint.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

constexpr auto kPollEvery = std::chrono::milliseconds(300);

}  // namespace

void leave_job(const std::string& message, int status) {
  // A supervisor says it.
  if (!is_supervised()) tell(message);
  ::_exit(status);
}

BlockLeader::BlockLeader(const StudyWork& work)
    : work_(work), reader_(work.folder), reporter_(work.folder, work.rank) {}

BlockLeader::End BlockLeader::lead(Communicator& block) {
  while (true) {
    const StudyState state = read_and_decide();
    if (work_.whole) release_checkpoints(state);
    const bool stop = work_.stop();
    if (stop || is_done(work_.plan, state.progress, state.decisions)) {
      outcome_ = study_outcome(work_.plan, state.progress, state.decisions);
      return stop ? End::Stop : End::Leave;
    }
    switch (take_step(block, state)) {
      case BlockStep::Train:
        may_split_ = false;
        continue;
      case BlockStep::Split:
        // A narrower block that waits beside it takes the work first.
        if (may_split_) return End::Split;
        may_split_ = true;
        break;
      case BlockStep::Wait:
        may_split_ = false;
        break;
      case BlockStep::Leave:
        outcome_ = study_outcome(work_.plan, state.progress, state.decisions);
        return End::Leave;
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

BlockLeader::StudyState BlockLeader::read_and_decide() {
  check_still_there(work_.folder);
  StudyState state{reader_.progress(work_.plan), reader_.decisions()};
  bool published = false;
  for (const SearchDecision& due : due_decisions(work_.plan, state.progress)) {
    if (std::ranges::find(state.decisions, due.key, &SearchDecision::key) !=
        state.decisions.end()) {
      continue;
    }
    publish_decision(work_.folder, stored_decision(due));
    work_.executor.log().say(fmt::format("decides {}", due.key));
    published = true;
  }
  if (published) state.decisions = reader_.decisions();
  return state;
}

void BlockLeader::release_checkpoints(const StudyState& state) const {
  for (const auto& [run, step] : spent_checkpoints(work_.plan, state.progress, state.decisions))
    release_checkpoint(work_.folder.run(run), step);
}

BlockStep BlockLeader::take_step(Communicator& block, const StudyState& state) {
  const std::vector<WorkItem> items = ready_work(work_.plan, state.progress, state.decisions);
  std::vector<RunRanks> ready;
  for (const WorkItem& item : items) ready.push_back(work_.ranks.runs[item.run]);
  return next_step(
      block.size(), ready, [&](std::size_t i) { return take_and_train(block, items[i].id); },
      [&](std::size_t i) {
        const auto claim = look(items[i].id);
        return claim == ClaimObserver::State::Free || claim == ClaimObserver::State::Expired;
      });
}

// A claim that cannot be read may be a living process's: its run waits, and that is said once.
ClaimObserver::State BlockLeader::look(const std::string& id) {
  const auto path = work_.folder.claim(id);
  const auto state = observer_.look(path);
  if (state == ClaimObserver::State::Unread && unread_.insert(path).second) {
    const std::string problem = fmt::format(
        "cannot read {} (permissions, or a failing disk; its run waits); make it readable, or "
        "remove it where nobody trains that run",
        path.string());
    tell(problem);
    work_.executor.log().say(problem);
  }
  return state;
}

// False where somebody else holds the run.
bool BlockLeader::take_and_train(Communicator& block, const std::string& id) {
  const auto claim = take(id);
  if (claim) train(block, id, *claim);
  return claim != nullptr;
}

// Processes that are certainly dead, this supervisor's or crashed, died of the run: it is trained
// again, and given up when that happens twice.
std::unique_ptr<Claim> BlockLeader::take(const std::string& id) {
  const auto path = work_.folder.claim(id);
  const auto state = look(id);
  if (state == ClaimObserver::State::Held || state == ClaimObserver::State::Unread) return nullptr;
  std::vector<ClaimContent> dead;
  if (state == ClaimObserver::State::Expired) {
    const auto expired = observer_.remove_expired(path);
    if (!expired) return nullptr;
    dead.push_back(*expired);
  }
  auto claim = Claim::take(path, work_.rank);
  if (claim) std::ranges::move(take_helper_claims(work_.folder, id), std::back_inserter(dead));
  std::erase_if(dead, [](const ClaimContent& one) {
    return one.signal == 0 && !certainly_dead(one.process);
  });
  if (const auto blamed = to_blame(dead, supervisor_name()))
    record_attempt(work_.folder, id, death_of(*blamed));
  return claim;
}

// What there is to do in the run is asked again under the claim: somebody may just have done it.
void BlockLeader::train(Communicator& block, const std::string& id, Claim& claim) {
  const StudyState state = read_and_decide();
  const auto items = ready_work(work_.plan, state.progress, state.decisions);
  const auto item = std::ranges::find(items, id, &WorkItem::id);
  if (item == items.end()) return;
  const int attempt = next_attempt(work_.folder, id);
  const auto failed = [&](const std::exception& problem) {
    const std::string reason = first_line(problem);
    work_.executor.log().say(work_.plan.runs[item->run], fmt::format("failed ({})", reason));
    record_attempt(work_.folder, id, reason, attempt);
    reporter_.idle();
    return fmt::format("run {} failed ({})", id, reason);
  };
  try {
    work_.executor.execute(block, layout_in(work_.ranks, work_.plan, item->run, block.size()),
                           work_.plan.runs[item->run], *item, attempt, claim, reporter_,
                           work_.stop);
  } catch (const InputError&) {
    throw;
  } catch (const WorkError&) {
    throw;
  } catch (const BrokenBlock& problem) {
    throw BrokenBlock(failed(problem));
  } catch (const std::exception& problem) {
    tell(failed(problem));
  }
}

}  // namespace isoloss
