#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <ranges>
#include <thread>
#include <utility>

#include "harness/progress/run_progress.h"
#include "harness/training/checkpoint.h"
#include "model/spec/error.h"
#include "results/durable_file.h"
#include "results/folder_entries.h"
#include "results/unread_error.h"

namespace isoloss {
namespace {

std::filesystem::path kept_file(const std::filesystem::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}{}", step, kKeptSuffix);
}

// What could not be read may be whole: going on without it would train its steps again and, in the
// end, remove it.
std::optional<Checkpoint> load_if_whole(const std::filesystem::path& path, const std::string& run,
                                        const std::function<void(const std::string&)>& warn,
                                        const char* what_then) {
  try {
    return Checkpoint(path, run);
  } catch (const UnreadError& problem) {
    if (std::filesystem::exists(path))
      throw InputError(fmt::format(
          "cannot read {} ({}); make it readable, use the version of isoloss that wrote it, or "
          "remove it to train its steps again",
          path.string(), problem.what()));
    warn(fmt::format("cannot use {} (it was removed meanwhile); {}", path.string(), what_then));
  } catch (const InputError& problem) {
    warn(fmt::format("cannot use {} ({}); {}", path.string(), problem.what(), what_then));
  }
  return std::nullopt;
}

// By a second name, where the file system has such: nobody ever writes into a checkpoint.
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code failure;
  std::filesystem::create_hard_link(from, to, failure);
  if (failure && failure != std::errc::file_exists) write_durably(to, read_file(from));
}

// Parts that are being written count with what they have.
std::uintmax_t bytes_in(const std::filesystem::path& folder) {
  std::uintmax_t bytes = 0;
  std::error_code unseen;
  for (std::filesystem::directory_iterator at(folder, unseen), end; !unseen && at != end;
       at.increment(unseen)) {
    std::error_code renamed;
    const std::uintmax_t size = at->file_size(renamed);
    if (!renamed) bytes += size;
  }
  return bytes;
}

}  // namespace

void remove_checkpoint(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    std::filesystem::remove(path, ignored);
    return;
  }
  const std::filesystem::path leftover = temporary_beside(path);
  std::filesystem::rename(path, leftover, ignored);
  std::filesystem::remove_all(leftover, ignored);
}

std::filesystem::path checkpoint_path(const std::filesystem::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}", step);
}

std::filesystem::path part_file(const std::filesystem::path& place, int rank) {
  return place / part_name(static_cast<std::size_t>(rank));
}

bool wait_for_parts(const std::filesystem::path& place, int ranks,
                    const std::function<bool()>& given_up, const std::function<void()>& grew) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kLookEvery{10}, kSumEvery{1000};
  std::uintmax_t bytes = bytes_in(place);
  auto summed = Clock::now();
  for (int rank = 0; rank < ranks; ++rank) {
    while (!std::filesystem::exists(part_file(place, rank))) {
      if (given_up()) {
        std::error_code ignored;
        std::filesystem::remove_all(place, ignored);
        return false;
      }
      std::this_thread::sleep_for(kLookEvery);
      if (Clock::now() - summed < kSumEvery) continue;
      summed = Clock::now();
      const std::uintmax_t before = std::exchange(bytes, bytes_in(place));
      if (bytes > before) grew();
    }
  }
  return true;
}

void commit_parts(const std::filesystem::path& place, const std::filesystem::path& path) {
  remove_checkpoint(path);  // one of that step that was passed over
  commit_file(place, path);
}

std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder,
                                          const std::string& run,
                                          const std::function<void(const std::string&)>& warn) {
  for (const std::int64_t step : checkpoint_steps(folder) | std::views::reverse)
    if (auto checkpoint = load_if_whole(checkpoint_path(folder, step), run, warn,
                                        "going on from the one before it"))
      return checkpoint;
  return std::nullopt;
}

void remove_older_checkpoints(const std::filesystem::path& folder, std::int64_t newest) {
  // Later ones were passed over as damaged when this state was restored.
  int kept = 0;
  for (const std::int64_t step : checkpoint_steps(folder) | std::views::reverse) {
    if (step > newest || ++kept > 2) remove_checkpoint(checkpoint_path(folder, step));
  }
}

void keep_checkpoint(const std::filesystem::path& from, const std::filesystem::path& folder,
                     std::int64_t step) {
  const auto source = checkpoint_path(from, step), kept = kept_file(folder, step);
  if (!std::filesystem::is_directory(source)) return link_or_copy(source, kept);
  if (std::filesystem::exists(kept)) return;
  const std::filesystem::path place = temporary_beside(kept);
  std::filesystem::create_directories(place);
  for (const auto& path : files_in(source)) link_or_copy(path, place / path.filename());
  commit_file(place, kept);
}

std::optional<Checkpoint> load_checkpoint_of(const std::filesystem::path& folder,
                                             const std::string& run, std::int64_t step,
                                             const std::function<void(const std::string&)>& warn) {
  for (const auto& path : {kept_file(folder, step), checkpoint_path(folder, step)})
    if (std::filesystem::exists(path))
      if (auto checkpoint = load_if_whole(path, run, warn, "another checkpoint is looked for"))
        return checkpoint;
  return std::nullopt;
}

void release_checkpoint(const std::filesystem::path& folder, std::int64_t step) {
  remove_checkpoint(kept_file(folder, step));
}

void move_checkpoint(const std::filesystem::path& from, const std::filesystem::path& folder,
                     std::int64_t step) {
  commit_file(checkpoint_path(from, step), checkpoint_path(folder, step));
  remove_older_checkpoints(folder, step);
}

void remove_checkpoints(const std::filesystem::path& folder) {
  for (const std::int64_t step : checkpoint_steps(folder))
    remove_checkpoint(checkpoint_path(folder, step));
}

void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& path : files_in(folder)) {
    const std::string name = path.filename().string();
    const bool ours = name.starts_with("checkpoint-") || name.starts_with("run.h5.");
    if (ours && is_temporary_entry(path) && maker_of_temporary(path) == TemporaryMaker::Dead)
      std::filesystem::remove_all(path, ignored);
  }
}

}  // namespace isoloss
