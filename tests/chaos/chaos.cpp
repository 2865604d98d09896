// chaos ISOLOSS [KILLS [SEED]]: trains small studies on two ranks, kills -9 a rank, mpirun, the
// supervisor or all of them at random moments and starts the same command again, KILLS times (500),
// until each study is finished. After each kill every file must be readable, no metric before a
// checkpoint lost and no step there twice; at the end each study must be the undisturbed one, bit
// for bit. Prints the counts; exit status 1 where any fault was found, its folder then stays.
#include <fmt/format.h>
#include <stdlib.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "model/spec/counter_random.h"
#include "tests/chaos/disturbed_study.h"
#include "tests/chaos/folder_checks.h"
#include "tests/chaos/studies.h"

namespace isoloss::chaos {
namespace {

namespace fs = std::filesystem;

void set_environment(const fs::path& folder) {
  // Open MPI as root and with more ranks than cores; what its killed processes leave lies here too.
  fs::create_directories(folder / "tmp");
  for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                           "OMPI_MCA_rmaps_base_oversubscribe", "OMPI_MCA_mpi_yield_when_idle"})
    ::setenv(name, "1", 1);
  ::setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 1);
  ::setenv("TMPDIR", (folder / "tmp").c_str(), 1);
  ::setenv("OMPI_MCA_btl_vader_backing_directory", (folder / "tmp").c_str(), 1);
}

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

class Chaos {
 public:
  Chaos(fs::path program, std::uint64_t kills, std::uint64_t seed, fs::path folder)
      : program_(std::move(program)),
        wanted_(kills),
        seed_(seed),
        folder_(std::move(folder)),
        studies_(write_studies(folder_)) {}

  // Whether no fault was found.
  bool run() {
    const auto began = std::chrono::steady_clock::now();
    while (kills_ < wanted_) disturb(rounds_++);
    print_counts(seconds_since(began));
    return faults_ == std::array<std::size_t, 4>{};
  }

 private:
  // A study that nobody disturbed.
  struct Undisturbed {
    StudyFolder folder;
    double seconds = 0;  // that it took
  };
  const Undisturbed& undisturbed(const ChaosStudy& study) {
    const auto known = undisturbed_.find(study.name);
    if (known != undisturbed_.end()) return known->second;
    const auto began = std::chrono::steady_clock::now();
    const fs::path folder = folder_ / ("undisturbed-" + study.name);
    DisturbedStudy alone(program_, study.file, folder, Launch::Supervisor);
    alone.start_again();
    while (true) {
      const auto status = alone.wait(1);
      if (status && *status != 0)
        throw std::runtime_error(fmt::format("the undisturbed study ended with {}; look at {}",
                                             *status, alone.log().string()));
      if (!status) continue;
      const double seconds = seconds_since(began);
      return undisturbed_.emplace(study.name, Undisturbed{{folder}, seconds}).first->second;
    }
  }

  void disturb(std::size_t round) {
    const ChaosStudy& study = studies_[round % studies_.size()];
    // Every study under both launches.
    const Launch launch = round / studies_.size() % 2 == 0 ? Launch::Supervisor : Launch::Mpirun;
    const StudyFolder folder{folder_ / fmt::format("{}-{}", study.name, round)};
    const Undisturbed& whole = undisturbed(study);
    FolderChecks checks(folder, whole.folder);
    DisturbedStudy disturbed(program_, study.file, folder.root, launch);
    const std::size_t faults_before = found_;
    while (true) {
      disturbed.start_again();
      const auto status = disturbed.wait(kills_ < wanted_ ? next_wait(whole.seconds) : 1);
      if (status == 0) break;
      // 1: some run was given up; the same command tries it again.
      if (status && *status != 1 && (launch == Launch::Supervisor || *status == 2))
        add({{FaultKind::Unreadable, fmt::format("the command ended with {}", *status)}},
            disturbed);
      if (status || kills_ == wanted_) continue;
      const auto killed = disturbed.kill(static_cast<Victim>(draw("victim", kVictimNames.size())),
                                         draw("choice", 1000));
      if (!killed) continue;
      ++victims_[static_cast<std::size_t>(*killed)];
      ++kills_;
      add(checks.now(), disturbed);
    }
    if (!disturbed.wait_for_orphans())
      add({{FaultKind::Lost, "processes hang that have lost theirs"}}, disturbed);
    add(checks.at_end(), disturbed);
    starts_ += disturbed.starts();
    fmt::print("{:4} kills: {} {} finished after {} starts, {} faults\n", kills_, study.name, round,
               disturbed.starts(), found_ - faults_before);
    std::fflush(stdout);
    if (found_ == faults_before) fs::remove_all(folder.root);
  }

  std::uint64_t draw(const char* what, std::uint64_t bound) const {
    return random_below(seed_, stream_of(std::string("chaos/") + what), kills_, bound);
  }
  // Anywhere in the time that the study takes whole, of which a start is a part; another at each
  // start, since one that comes too late would come too late again.
  double next_wait(double seconds) {
    return seconds * random_uniform(seed_, stream_of("chaos/wait"), waits_++);
  }

  void add(const std::vector<Fault>& faults, const DisturbedStudy& disturbed) {
    for (const Fault& fault : faults) {
      ++faults_[static_cast<std::size_t>(fault.kind)];
      ++found_;
      fmt::print("FAULT after kill {}: {}\n  log: {}\n", kills_, fault.what,
                 disturbed.log().string());
    }
  }

  void print_counts(double seconds) const {
    fmt::print("{} kills (", kills_);
    for (std::size_t i = 0; i < kVictimNames.size(); ++i)
      fmt::print("{}{} {}", i == 0 ? "" : ", ", kVictimNames[i], victims_[i]);
    fmt::print(") in {} studies, {} starts, {:.0f} s\n", rounds_, starts_, seconds);
    for (std::size_t i = 0; i < kFaultNames.size(); ++i)
      fmt::print("{}: {}\n", kFaultNames[i], faults_[i]);
  }

  fs::path program_;
  std::uint64_t wanted_, seed_;
  fs::path folder_;
  std::vector<ChaosStudy> studies_;
  std::map<std::string, Undisturbed> undisturbed_;
  std::uint64_t kills_ = 0, waits_ = 0;
  std::size_t rounds_ = 0, starts_ = 0, found_ = 0;
  std::array<std::size_t, 4> victims_{};  // by Victim
  std::array<std::size_t, 4> faults_{};   // by FaultKind
};

}  // namespace
}  // namespace isoloss::chaos

int main(int count, char** arguments) {
  using namespace isoloss::chaos;
  if (count < 2) {
    fmt::print(stderr, "usage: chaos ISOLOSS [KILLS [SEED]]\n");
    return 2;
  }
  std::string folder = (fs::temp_directory_path() / "isoloss-chaos-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    fmt::print(stderr, "chaos: cannot make {} (no space, or no permission); set TMPDIR\n", folder);
    return 2;
  }
  adopt_orphans();
  set_environment(folder);
  bool whole = false;
  try {
    whole = Chaos(fs::absolute(arguments[1]),
                  count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 500,
                  count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1, folder)
                .run();
  } catch (const std::exception& problem) {
    fmt::print(stderr, "chaos: {}\n", problem.what());
  }
  if (!whole) {
    fmt::print("what is left: {}\n", folder);
    return 1;
  }
  fs::remove_all(folder);
  return 0;
}
