#include "harness/training/side_by_side.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::uint64_t kTokenStream = 0x70726f6265;  // "probe"
constexpr int kFirstSteps = 2;
constexpr int kFewestSteps = 3;

// One end each of a pipe, which closes with its owner.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0)
      throw WorkError("steps cannot be timed (no pipe); close some programs");
  }
  ~Pipe() {
    close_reading();
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  Pipe(Pipe&& other) noexcept : ends_(std::exchange(other.ends_, {-1, -1})) {}

  void close_reading() { close_end(ends_[0]); }
  void close_writing() { close_end(ends_[1]); }
  bool write(std::span<const std::byte> bytes) const {
    return ::write(ends_[1], bytes.data(), bytes.size()) == std::ssize(bytes);
  }
  bool read(std::span<std::byte> bytes) const {
    return ::read(ends_[0], bytes.data(), bytes.size()) == std::ssize(bytes);
  }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
  std::array<int, 2> ends_{-1, -1};
};

std::vector<std::int32_t> random_tokens(const RunSpec& spec) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(spec.optimizer.batch_tokens));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    tokens[i] = static_cast<std::int32_t>(random_uniform(spec.seed, kTokenStream, i) *
                                          static_cast<double>(spec.model.vocabulary));
  return tokens;
}

// As many updates are under way as in a run: each counts from the end of the one before, the first
// from where it was put there.
std::vector<double> timed_steps(TrainingState& state, std::span<const std::int32_t> tokens,
                                double seconds) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> taken;
  auto before = Clock::now();
  for (double sum = 0; sum < seconds || std::ssize(taken) < kFewestSteps;) {
    if (!state.begin(tokens)) continue;
    const auto now = Clock::now();
    taken.push_back(std::chrono::duration<double>(now - before).count());
    sum += taken.back();
    before = now;
  }
  return taken;
}

// A process that says over a pipe that it is ready, waits until another closes, and says how long
// each step took.
class SteppingProcess {
 public:
  SteppingProcess(const RunSpec& spec, const StateMaker& maker, double seconds, Pipe& begin) {
    process_ = ::fork();
    if (process_ == 0) {
      begin.close_writing();
      answer_.close_reading();
      ::_exit(work(spec, maker, seconds, begin) ? 0 : 1);
    }
    answer_.close_writing();
    if (process_ < 0)
      throw WorkError("steps cannot be timed (no further process); close some programs");
  }
  ~SteppingProcess() {
    answer_.close_reading();  // of whom nobody listens to
    if (process_ > 0) ::waitpid(process_, nullptr, 0);
  }
  SteppingProcess(const SteppingProcess&) = delete;
  SteppingProcess& operator=(const SteppingProcess&) = delete;
  SteppingProcess(SteppingProcess&& other) noexcept
      : answer_(std::move(other.answer_)), process_(std::exchange(other.process_, -1)) {}

  bool ready() const {
    std::array<double, 1> word{};
    return answer_.read(std::as_writable_bytes(std::span(word)));
  }
  std::vector<double> seconds() {
    std::vector<double> taken;
    std::array<double, 1> one{};
    while (answer_.read(std::as_writable_bytes(std::span(one)))) taken.push_back(one[0]);
    int status = 0;
    ::waitpid(std::exchange(process_, -1), &status, 0);
    if (taken.empty() || status != 0)
      throw WorkError(
          "a process that was to time steps ended early (no memory?); plan without --probe");
    return taken;
  }

 private:
  bool work(const RunSpec& spec, const StateMaker& maker, double seconds, const Pipe& begin) {
    try {
      const auto state = maker(spec);
      const std::vector<std::int32_t> tokens = random_tokens(spec);
      for (int step = 0; step < kFirstSteps; ++step) state->update(tokens);
      std::array<double, 1> word{};
      if (!answer_.write(std::as_bytes(std::span(word)))) return false;
      begin.read(std::as_writable_bytes(std::span(word)));  // nothing, when the other end closes
      const std::vector<double> taken = timed_steps(*state, tokens, seconds);
      return answer_.write(std::as_bytes(std::span(taken)));
    } catch (const std::exception&) {
      return false;
    }
  }

  Pipe answer_;
  pid_t process_ = -1;
};

}  // namespace

std::optional<MeasuredStep> steps_side_by_side(const RunSpec& spec, const StateMaker& maker,
                                               int processes, double seconds) {
  Pipe begin;
  std::vector<SteppingProcess> working;
  for (int i = 0; i < processes; ++i) working.emplace_back(spec, maker, seconds, begin);
  const bool all = std::ranges::all_of(working, &SteppingProcess::ready);
  begin.close_writing();
  if (!all) return std::nullopt;
  std::vector<double> taken;
  for (SteppingProcess& process : working)
    for (const double one : process.seconds()) taken.push_back(one);
  std::ranges::sort(taken);
  const auto at = [&](double share) {
    return taken[static_cast<std::size_t>(share * static_cast<double>(taken.size() - 1))];
  };
  return MeasuredStep{at(0.5), at(0.1), at(0.9)};
}

}  // namespace isoloss
