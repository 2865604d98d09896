// A cluster as data: what a batch script asks of Slurm. Empty text and 0 leave the site's default.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace isoloss {

struct Site {
  std::string partition;
  std::string account;
  std::string time;  // HH:MM:SS; empty: the study's time_limit, else 12 hours
  std::int64_t nodes = 1;
  std::int64_t tasks_per_node = 1;  // ranks; with GPUs one for each
  std::int64_t cpus_per_task = 0;   // 0: the study's threads
  std::int64_t gpus_per_node = 0;
  std::vector<std::string> modules;  // loaded in this order
  int requeues = 20;                 // how often a stopped job goes back to the queue by itself
};

}  // namespace isoloss
