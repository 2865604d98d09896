// One process that trains a study, for tests that need to start, stop and kill one:
//   study_process STUDY.yaml FOLDER          as run_study
//   study_process STUDY.yaml FOLDER RANKS    as supervise_study
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "harness/study_loop.h"
#include "harness/study_outcome.h"
#include "harness/supervisor.h"
#include "model/spec/error.h"
#include "sweeps/study.h"

int main(int count, char** arguments) {
  using namespace isoloss;
  try {
    const Study study = read_study(arguments[1]);
    RunOptions options;
    options.folder = arguments[2];
    if (count > 3) {
      return supervise_study(study, options,
                             {.command = {arguments[0], arguments[1], arguments[2]},
                              .ranks = std::atoi(arguments[3])});
    }
    return run_study(study, options);
  } catch (const InputError& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return kExitBadInput;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return kExitFailed;
  }
}
