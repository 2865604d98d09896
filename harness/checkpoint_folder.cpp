#include <fmt/format.h>

#include <filesystem>
#include <ranges>

#include "harness/checkpoint.h"
#include "harness/progress/run_progress.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

std::filesystem::path checkpoint_file(const std::filesystem::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}", step);
}

std::filesystem::path kept_file(const std::filesystem::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}{}", step, kKeptSuffix);
}

}  // namespace

std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder,
                                          const std::string& run,
                                          const std::function<void(const std::string&)>& warn) {
  for (const std::int64_t step : checkpoint_steps(folder) | std::views::reverse) {
    const auto path = checkpoint_file(folder, step);
    try {
      return Checkpoint(path, run);
    } catch (const InputError& problem) {
      warn(fmt::format("cannot use {} ({}); going on from the one before it", path.string(),
                       problem.what()));
    }
  }
  return std::nullopt;
}

void remove_older_checkpoints(const std::filesystem::path& folder, std::int64_t newest) {
  // Later ones were passed over as damaged when this state was restored.
  int kept = 0;
  for (const std::int64_t step : checkpoint_steps(folder) | std::views::reverse) {
    if (step > newest || ++kept > 2) std::filesystem::remove(checkpoint_file(folder, step));
  }
}

void keep_checkpoint(const std::filesystem::path& from, const std::filesystem::path& folder,
                     std::int64_t step) {
  // By a second name: nobody ever writes into a checkpoint.
  std::error_code failure;
  std::filesystem::create_hard_link(checkpoint_file(from, step), kept_file(folder, step), failure);
  if (!failure || failure == std::errc::file_exists) return;
  write_durably(kept_file(folder, step), read_file(checkpoint_file(from, step)));
}

std::optional<Checkpoint> load_checkpoint_of(const std::filesystem::path& folder,
                                             const std::string& run, std::int64_t step,
                                             const std::function<void(const std::string&)>& warn) {
  for (const auto& path : {kept_file(folder, step), checkpoint_file(folder, step)}) {
    if (!std::filesystem::exists(path)) continue;
    try {
      return Checkpoint(path, run);
    } catch (const InputError& problem) {
      warn(fmt::format("cannot use {} ({}); another checkpoint is looked for", path.string(),
                       problem.what()));
    }
  }
  return std::nullopt;
}

void release_checkpoint(const std::filesystem::path& folder, std::int64_t step) {
  std::error_code ignored;
  std::filesystem::remove(kept_file(folder, step), ignored);
}

void move_checkpoint(const std::filesystem::path& from, const std::filesystem::path& folder,
                     std::int64_t step) {
  commit_file(checkpoint_file(from, step), checkpoint_file(folder, step));
  remove_older_checkpoints(folder, step);
}

void remove_checkpoints(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const std::int64_t step : checkpoint_steps(folder)) {
    std::filesystem::remove(checkpoint_file(folder, step), ignored);
  }
}

}  // namespace isoloss
