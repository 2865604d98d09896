// Studies of seconds to be killed in: each kind exercises other files.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace isoloss::chaos {

struct ChaosStudy {
  std::string name;
  std::filesystem::path file;
};

// A search with decisions, a trunk with branches, and runs that two ranks share; checkpoints a
// tenth of a second apart. Written with their text into `folder`.
std::vector<ChaosStudy> write_studies(const std::filesystem::path& folder);

}  // namespace isoloss::chaos
