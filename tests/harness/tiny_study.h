// A study of seconds on generated text, and the processes that train it.
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "model/spec/counter_random.h"
#include "results/claim_file.h"
#include "results/study_folder.h"
#include "sweeps/plan.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

extern char** environ;

namespace isoloss::tiny_study {

namespace fs = std::filesystem;

// A folder of its own that is removed at the end.
struct Place {
  test::TemporaryFolder folder;
  fs::path root = folder.path();
};

// Sentences of thirty made-up words, enough for a few hundred steps.
inline void write_text(const fs::path& path) {
  const std::vector<std::string> words = {"alder", "birch",  "cedar", "dusk", "ember", "frost",
                                          "grove", "harbor", "inlet", "jade", "kelp",  "lark"};
  std::ofstream file(path);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const auto word = random_below(7, 1, i, 100) % words.size();
    file << words[word] << (i % 9 == 8 ? ".\n" : " ");
  }
}

// Trials of two sizes; `budget` in tokens (64 a step), `rates`, `schedule` and `evaluate` YAML's
// own text.
inline fs::path write_study(const Place& place, const std::string& budgets,
                            const std::string& rates, const std::string& name = "tiny",
                            const std::string& schedule = "rsqrt",
                            const std::string& evaluate = "tokens: 1024") {
  write_text(place.root / "text.txt");
  const fs::path path = place.root / (name + ".yaml");
  std::ofstream file(path);
  file << "study: " << name << "\n"
       << "data: {text: " << (place.root / "text.txt").string()
       << ", tokenizer: bytes, validation: 0.1}\n"
       << "model: {layers: 1, d_head: 8, sequence: 32}\n"
       << "optimizer: {name: adafactor, schedule: " << schedule
       << ", warmup_steps: 10, batch_tokens: 64}\n"
       << "grid:\n"
       << "  architecture: [transformer]\n"
       << "  size: [{name: a, d_model: 8}, {name: b, d_model: 16}]\n"
       << "  budget: {tokens: " << budgets << "}\n"
       << "  learning_rate: " << rates << "\n"
       << "  seed: [0]\n"
       << "evaluate: {" << evaluate << "}\n"
       << "run: {dtype: float32, device: cpu, threads: 1}\n";
  return path;
}

inline pid_t start_program(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, pointers[0], nullptr, nullptr, pointers.data(), environ) != 0)
    return -1;
  return child;
}

// Gives the next job of mpirun's a folder of its own beside `study`: the one that jobs of a user
// share may be removed by one that ends as another begins.
inline void set_job_folder(const fs::path& study) {
  std::string pattern = (study.parent_path() / "mpi-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr)
    ::setenv("OMPI_MCA_orte_tmpdir_base", pattern.c_str(), 1);
}

// Starts study_process.
inline pid_t start(std::vector<std::string> arguments) {
  set_job_folder(arguments.front());
  arguments.insert(arguments.begin(), test::study_process());
  return start_program(std::move(arguments));
}

// The same as so many ranks of a job of mpirun's.
inline pid_t start_mpirun(int ranks, std::vector<std::string> arguments) {
  for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                           "OMPI_MCA_rmaps_base_oversubscribe", "OMPI_MCA_mpi_yield_when_idle"})
    ::setenv(name, "1", 1);
  ::setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 1);
  set_job_folder(arguments.front());
  const std::vector<std::string> mpirun = {"mpirun", "-n", std::to_string(ranks),
                                           test::study_process()};
  arguments.insert(arguments.begin(), mpirun.begin(), mpirun.end());
  return start_program(std::move(arguments));
}

// The exit status, or minus the signal that ended the process.
inline int wait(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

inline int run(const fs::path& study, const fs::path& folder) {
  return wait(start({study.string(), folder.string()}));
}

// Waits until `child` has taken a run; false after two minutes.
inline bool wait_for_training(const fs::path& folder, pid_t child) {
  for (int hundredth = 0; hundredth < 12'000; ++hundredth, ::usleep(10'000)) {
    std::error_code missing;
    for (const auto& entry : fs::recursive_directory_iterator(folder, missing)) {
      if (entry.path().filename() != "claim") continue;
      const auto claim = read_claim(entry.path());
      if (claim && claim->process.pid == child) return true;
    }
  }
  return false;
}

// Every loss that a folder stores: run -> step losses, then evaluation losses.
inline std::map<std::string, std::vector<double>> losses(const fs::path& root) {
  const StudyFolder folder{root};
  std::map<std::string, std::vector<double>> result;
  for (const std::string& id : run_ids(folder)) {
    const auto record = read_run(folder, id);
    if (!record) continue;
    for (const StepMetrics& step : record->steps) result[id].push_back(step.loss);
    for (const Evaluation& evaluation : record->evaluations) {
      result[id].push_back(evaluation.loss);
      result[id].push_back(evaluation.selection_loss);
    }
  }
  return result;
}

}  // namespace isoloss::tiny_study
