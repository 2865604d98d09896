// What packing and shared prefixes are worth: one study as `isoloss run` trains it on several
// ranks, against the same trials one after another, each from step 0 on all cores, by this program
// and in PyTorch. Everything is trained and timed in full; nothing is extrapolated.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace isoloss {

struct StudyBench {
  std::vector<std::string> architectures;  // of the catalogue
  std::vector<std::string> sizes;          // of study_bench_sizes()
  double flops = 0;                        // the smallest of four budgets, each 2.15 times the last
  int ranks = 2;                           // one thread each; what is alone has as many threads
  bool peer = true;
  std::filesystem::path folder;  // for study folders and logs; it exists and is empty
};

// The names of the sizes: WIDTHxLAYERS, sequences of 128, heads of 16 channels.
std::vector<std::string> study_bench_sizes();

// The trials of an architecture and size in PyTorch, one after another.
struct PeerTrials {
  std::string architecture, size;
  std::string mode;        // eager or compiled, whichever took these steps faster beforehand
  std::int64_t steps = 0;  // of all trials
  double seconds = 0;      // of those steps alone: no start, no compilation, no data, no evaluation
};

struct StudyTimes {
  std::int64_t trials = 0, runs = 0;
  double flops = 0, flops_without_sharing = 0;
  double makespan = 0;                  // seconds of `isoloss run --ranks N`, start to end
  std::vector<double> alone;            // of `isoloss run` for the trials of each budget
  std::vector<PeerTrials> peer_trials;  // empty without peer

  double one_after_another() const;
  double peer_seconds() const;
};

// InputError: an unknown architecture or size, one that PyTorch's script lacks, no Python
// environment, a budget below a step. WorkError, with what it said last, where a run fails.
StudyTimes time_study(const StudyBench& bench);

}  // namespace isoloss
