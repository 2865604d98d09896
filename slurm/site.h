// A cluster as data: what a batch script asks of Slurm. Empty text and 0 leave the site's default.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace isoloss {

struct Site {
  std::string partition;
  std::string account;
  std::string qos;
  std::string constraint;
  std::string time;  // Slurm's forms; empty: the study's time_limit, else 12 hours
  std::int64_t nodes = 1;
  std::int64_t tasks_per_node = 0;  // ranks; 0: one for each GPU, else one
  std::int64_t cpus_per_task = 0;   // 0: the study's threads
  std::string memory;               // of a node, as 64G
  std::string device = "cpu";       // or the type of GPU, as the site names it
  std::int64_t gpus_per_node = 0;
  std::vector<std::string> modules;      // loaded in this order
  std::vector<std::string> options;      // more options of sbatch, without --
  std::string launcher = "mpirun";       // or srun
  std::string mpi;                       // of srun --mpi
  std::string signal = "USR1@120";       // sent so many seconds before the time limit
  std::string preempt_mode = "requeue";  // what happens to preempted jobs: requeue or cancel
  std::int64_t restarts = 20;            // how often a stopped job starts again by itself
};

// A site file: YAML, a map of the keys of site_keys(). InputError "FILE:LINE: key: problem (why);
// what to do", an unknown key with the nearest.
Site read_site(const std::filesystem::path& file);

// InputError where the parts contradict each other: a type of GPU without GPUs, --mpi without srun.
void check_site(const Site& site);

std::int64_t ranks_per_node(const Site& site);

}  // namespace isoloss
