#include "harness/sockets/launched_rank.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "model/spec/error.h"

namespace isoloss {
namespace {

std::optional<int> number_of(const Variables& variables, const char* name) {
  const char* const text = variables(name);
  if (text == nullptr) return std::nullopt;
  int value = 0;
  const char* const end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || stop != end)
    throw InputError(
        fmt::format("{}: '{}' is no number (srun sets it); start the job anew", name, text));
  return value;
}

}  // namespace

std::optional<LaunchedRank> launched_without_mpi(const Variables& variables) {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"})
    if (variables(name) != nullptr) return std::nullopt;
  const auto size = number_of(variables, "SLURM_STEP_NUM_TASKS");
  if (!size || *size < 2) return std::nullopt;
  const auto rank = number_of(variables, "SLURM_PROCID");
  const auto job = number_of(variables, "SLURM_JOB_ID"),
             step = number_of(variables, "SLURM_STEP_ID");
  if (!rank || !job || !step || *rank < 0 || *rank >= *size)
    throw InputError(
        fmt::format("SLURM_PROCID, SLURM_JOB_ID and SLURM_STEP_ID do not say which of {} ranks "
                    "this is (they are "
                    "missing or contradict SLURM_STEP_NUM_TASKS); start the ranks with srun",
                    *size));
  const int restarts = number_of(variables, "SLURM_RESTART_COUNT").value_or(0);
  return LaunchedRank{*rank, *size, fmt::format("{}-{}-{}", *job, *step, restarts)};
}

}  // namespace isoloss
