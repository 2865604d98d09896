// One process that trains a study, for tests that need to start, stop and kill one:
//   study_process STUDY.yaml FOLDER          as run_study
//   study_process STUDY.yaml FOLDER RANKS    as supervise_study; 0 ranks: as run_study
//   study_process STUDY.yaml FOLDER RANKS S  the same; no progress for S seconds is a hang
//   study_process STUDY.yaml FOLDER RANKS S R  the same; and no sign of life from a rank for R
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <string>
#include <vector>

#include "harness/study/study_loop.h"
#include "harness/study/study_outcome.h"
#include "harness/study/supervisor.h"
#include "model/spec/error.h"
#include "sweeps/study.h"

int main(int count, char** arguments) {
  using namespace isoloss;
  try {
    const Study study = read_study(arguments[1]);
    RunOptions options;
    options.folder = arguments[2];
    // Tests refuse memory by limits of their own, which must be met.
    options.machine_bytes = std::numeric_limits<double>::infinity();
    std::vector<std::string> command = {arguments[0], arguments[1], arguments[2]};
    if (count > 4) {
      options.stall.at_first = options.stall.at_least =
          std::chrono::seconds(std::atoi(arguments[4]));
      options.stall.look_every = std::chrono::milliseconds(100);
      command.insert(command.end(), {"0", arguments[4]});
    }
    if (count > 5) {
      options.rank_silence = std::chrono::seconds(std::atoi(arguments[5]));
      command.emplace_back(arguments[5]);
    }
    const int ranks = count > 3 ? std::atoi(arguments[3]) : 0;
    if (ranks > 0) return supervise_study(study, options, {.command = command, .ranks = ranks});
    return run_study(study, options);
  } catch (const InputError& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return kExitBadInput;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return kExitFailed;
  }
}
