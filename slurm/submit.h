// Hands a batch script to Slurm.
#pragma once
#include <string>

namespace isoloss {

// Pipes the script to `sbatch --parsable` and returns the job's number. WorkError where sbatch is
// not there or refuses.
std::string submit_script(const std::string& script);

}  // namespace isoloss
