#include "harness/step_probe.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "harness/host_training_state.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "sweeps/device_rate.h"
#include "sweeps/layout.h"

namespace isoloss {
namespace {

constexpr std::uint64_t kTokenStream = 0x70726f6265;  // "probe"
constexpr int kFewestSteps = 3;

std::vector<double> take_steps(const RunSpec& spec, double seconds) {
  using Clock = std::chrono::steady_clock;
  set_intra_op_threads(static_cast<int>(spec.threads));
  HostTrainingState state(spec);
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(spec.optimizer.batch_tokens));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::int32_t>(random_uniform(spec.seed, kTokenStream, i) *
                                          static_cast<double>(spec.model.vocabulary));
  state.update(tokens);
  std::vector<double> taken;
  for (double sum = 0; sum < seconds || std::ssize(taken) < kFewestSteps; sum += taken.back()) {
    const auto begin = Clock::now();
    state.update(tokens);
    taken.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return taken;
}

// A process that takes the steps and says over a pipe how long each took.
class ProbeProcess {
 public:
  ProbeProcess(const RunSpec& spec, double seconds) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      throw WorkError("steps cannot be timed (no pipe); close some programs");
    process_ = fork();
    if (process_ == 0) {
      close(ends[0]);
      try {
        const std::vector<double> taken = take_steps(spec, seconds);
        const auto bytes = std::as_bytes(std::span(taken));
        const ssize_t written = write(ends[1], bytes.data(), bytes.size());
        _exit(written == std::ssize(bytes) ? 0 : 1);
      } catch (const std::exception&) {
        _exit(1);
      }
    }
    close(ends[1]);
    answer_ = ends[0];
    if (process_ < 0) {
      close(answer_);
      throw WorkError("steps cannot be timed (no further process); close some programs");
    }
  }
  ~ProbeProcess() {
    if (answer_ >= 0) close(answer_);
    if (process_ > 0) waitpid(process_, nullptr, 0);
  }
  ProbeProcess(const ProbeProcess&) = delete;
  ProbeProcess& operator=(const ProbeProcess&) = delete;
  ProbeProcess(ProbeProcess&& other) noexcept
      : process_(std::exchange(other.process_, -1)), answer_(std::exchange(other.answer_, -1)) {}

  std::vector<double> seconds() {
    std::vector<double> taken;
    for (double one = 0; read(answer_, &one, sizeof one) == static_cast<ssize_t>(sizeof one);)
      taken.push_back(one);
    int status = 0;
    waitpid(std::exchange(process_, -1), &status, 0);
    if (taken.empty() || status != 0)
      throw WorkError(
          "a process that was to time steps ended early (no memory?); plan without "
          "--probe");
    return taken;
  }

 private:
  pid_t process_ = -1;
  int answer_ = -1;
};

MeasuredStep measured(const RunSpec& spec, const ProbeConditions& conditions) {
  std::vector<ProbeProcess> processes;
  for (int i = 0; i < conditions.beside; ++i) processes.emplace_back(spec, conditions.seconds);
  std::vector<double> all;
  for (ProbeProcess& process : processes) {
    const std::vector<double> taken = process.seconds();
    all.insert(all.end(), taken.begin(), taken.end());
  }
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  return {at(0.5), at(0.1), at(0.9)};
}

}  // namespace

StepTimes probe_steps(const StudyPlan& plan, const StepTimes& known,
                      const ProbeConditions& conditions,
                      const std::function<void(std::size_t, std::size_t)>& told) {
  std::map<std::string, const RunSpec*> wanted;
  for (const PlannedRun& run : plan.runs) {
    if (run.expected_steps == 0) continue;
    const std::string key = step_key(run.spec);
    if (known.contains(key)) continue;
    const DeviceRate rate = device_rate("cpu", run.spec.dtype);
    if (memory_per_rank(run.spec, {}) > conditions.memory_bytes ||
        step_seconds(run.spec, {}, rate) > conditions.longest_step)
      continue;
    wanted.emplace(key, &run.spec);
  }
  StepTimes times;
  for (const auto& [key, spec] : wanted) {
    told(times.size(), wanted.size());
    times.emplace(key, measured(*spec, conditions));
  }
  return times;
}

}  // namespace isoloss
