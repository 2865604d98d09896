#include "tests/chaos/disturbed_study.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace isoloss::chaos {
namespace {

constexpr std::size_t kMostJobs = 2;

Victim role_of(const Process& process) {
  if (process.name == "mpirun" || process.name == "orterun") return Victim::Launcher;
  const bool supervises =
      std::ranges::find(process.arguments, "--ranks") != process.arguments.end();
  return supervises ? Victim::Supervisor : Victim::Rank;
}

std::vector<Process> with_role(const std::vector<Process>& processes, Victim role) {
  std::vector<Process> chosen;
  for (const Process& process : processes)
    if (role_of(process) == role) chosen.push_back(process);
  return chosen;
}

}  // namespace

DisturbedStudy::DisturbedStudy(std::filesystem::path program, std::filesystem::path study,
                               std::filesystem::path folder, Launch launch)
    : program_(std::move(program)),
      study_(std::move(study)),
      folder_(std::move(folder)),
      log_(folder_.string() + ".log"),
      launch_(launch) {}

DisturbedStudy::~DisturbedStudy() { kill_all(descendants()); }

// A rank that is killed is a failed attempt of its run, and two give it up: each start forgives.
std::vector<std::string> DisturbedStudy::command() const {
  std::vector<std::string> command = {program_, "run", study_, "--out", folder_, "--retry-failed"};
  if (launch_ == Launch::Supervisor)
    command.insert(command.end(), {"--ranks", "2"});
  else
    command.insert(command.begin(), {"mpirun", "-n", "2"});
  return command;
}

void DisturbedStudy::start_again() {
  if (running_ != 0) return;
  running_ = start(command(), log_);
  ++starts_;
}

std::optional<int> DisturbedStudy::wait(double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    const auto ended = reap_ended();
    if (const auto own = ended.find(running_); own != ended.end()) {
      running_ = 0;
      return own->second;
    }
    ::usleep(2'000);
  } while (Clock::now() < end);
  return std::nullopt;
}

std::optional<Victim> DisturbedStudy::kill(Victim victim, std::size_t choice) {
  const auto living = descendants();
  if (living.empty()) return std::nullopt;
  if (with_role(living, Victim::Launcher).size() > kMostJobs) victim = Victim::Everybody;
  auto chosen = victim == Victim::Everybody ? living : with_role(living, victim);
  if (chosen.empty()) {
    chosen = {living[choice % living.size()]};
    victim = role_of(chosen[0]);
  } else if (victim != Victim::Everybody) {
    chosen = {chosen[choice % chosen.size()]};
  }
  const bool own = std::ranges::any_of(chosen, [&](const Process& p) { return p.id == running_; });
  kill_all(chosen);
  if (own) running_ = 0;
  return victim;
}

bool DisturbedStudy::wait_for_orphans() {
  constexpr int kMostSeconds = 60;
  for (int waits = 0; !descendants().empty(); ++waits) {
    if (waits == 10 * kMostSeconds) return false;
    wait(0.1);
  }
  return true;
}

}  // namespace isoloss::chaos
