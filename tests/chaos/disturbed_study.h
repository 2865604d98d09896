// One study that is trained by a command, killed at and started again.
#pragma once
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/processes.h"

namespace isoloss::chaos {

// Who starts the ranks: `isoloss run --ranks 2`, or mpirun itself.
enum class Launch { Supervisor, Mpirun };

enum class Victim { Rank, Launcher, Supervisor, Everybody };
inline constexpr std::array<std::string_view, 4> kVictimNames = {
    "a rank", "mpirun", "the supervisor", "the batch step"};

class DisturbedStudy {
 public:
  DisturbedStudy(std::filesystem::path program, std::filesystem::path study,
                 std::filesystem::path folder, Launch launch);
  // Kills what is left.
  ~DisturbedStudy();
  DisturbedStudy(const DisturbedStudy&) = delete;
  DisturbedStudy& operator=(const DisturbedStudy&) = delete;

  // Starts the command where it does not run.
  void start_again();
  // Waits so long, or until the command has ended by itself: then its exit status.
  std::optional<int> wait(double seconds);
  // Kills such a victim, the `choice`-th of several, or somebody else where there is none; what was
  // killed, or absent where nobody lives. Commands that lost their supervisor train on, beside the
  // next ones, until there are several: then everybody is killed.
  std::optional<Victim> kill(Victim victim, std::size_t choice);
  // Until nobody trains any more, after the command has ended; false where that takes a minute.
  bool wait_for_orphans();

  std::size_t starts() const { return starts_; }
  const std::filesystem::path& log() const { return log_; }

 private:
  std::vector<std::string> command() const;

  std::filesystem::path program_, study_, folder_, log_;
  Launch launch_;
  pid_t running_ = 0;
  std::size_t starts_ = 0;
};

}  // namespace isoloss::chaos
