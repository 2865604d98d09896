// A run's state between steps: everything that training needs to go on as if it had never stopped.
// Layout (docs/reliability.md, little-endian): magic "isolossC", version, element bytes, run id,
// step, seconds, counts of weights and state elements, their values, XXH3-64 of all before.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// Values are raw bytes of the run's precision.
struct CheckpointHead {
  std::string run;        // id
  std::int64_t step = 0;  // finished updates
  double seconds = 0;     // of training, resumes added up
  std::uint32_t element_bytes = 4;
};

struct Checkpoint {
  CheckpointHead head;
  std::vector<std::byte> weights;
  std::vector<std::byte> state;
};

// Writes FOLDER/checkpoint-STEP durably, then removes all but the newest two. WorkError on a full
// disk.
void save_checkpoint(const std::filesystem::path& folder, const CheckpointHead& head,
                     std::span<const std::byte> weights, std::span<const std::byte> state);

// The newest checkpoint of `run` that is whole; each one that is damaged or of another run is
// passed over, and `warn` is told its problem. Absent where none is left.
std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder,
                                          const std::string& run,
                                          const std::function<void(const std::string&)>& warn);

// Keeps the checkpoint of that step in `from` as FOLDER/checkpoint-STEP.kept, which no later one
// replaces, for runs that branch off there. WorkError where the folder cannot be written.
void keep_checkpoint(const std::filesystem::path& from, const std::filesystem::path& folder,
                     std::int64_t step);
// The run's checkpoint of exactly that step, kept or not; absent where none is whole.
std::optional<Checkpoint> load_checkpoint_of(const std::filesystem::path& folder,
                                             const std::string& run, std::int64_t step,
                                             const std::function<void(const std::string&)>& warn);
// Removes the kept one of that step, if there is one.
void release_checkpoint(const std::filesystem::path& folder, std::int64_t step);

// Removes the run's checkpoints, kept ones aside (a diverged run needs none).
void remove_checkpoints(const std::filesystem::path& folder);

}  // namespace isoloss
