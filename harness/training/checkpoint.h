// A run's state between steps: everything that training needs to go on as if it had never stopped.
// One rank's is a file; several ranks' a folder of a file of each, part-RANK, which is renamed to
// its name when all are there. Layout of a file (docs/reliability.md, little-endian): magic
// "isolossC", version, element bytes, run id, step, seconds, bytes of weights and of optimizer
// state, the tensors' names and shapes, the values of both flat buffers, XXH3-64 of all before.
// Written and read tensor by tensor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "harness/training/state_tensors.h"

namespace isoloss {

struct CheckpointHead {
  std::string run;        // id
  std::int64_t step = 0;  // finished updates
  double seconds = 0;     // of training, resumes added up
  std::uint32_t element_bytes = 4;
};

// Which of the ranks that save a state together writes a file.
struct SavingRank {
  int rank = 0;
  int ranks = 1;
};

// A checkpoint's file in the making: there is nothing under its name before commit(), and nothing
// stays of one that is not committed. WorkError on a full disk.
class CheckpointWriter {
 public:
  CheckpointWriter(const std::filesystem::path& path, const CheckpointHead& head,
                   const StateTables& tables, const SavingRank& writer = {});
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // The next tensor's values.
  void add(std::span<const std::byte> values);
  // After the last one: durable.
  void commit();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

// One that was found whole; it can be read although its file is removed meanwhile.
class Checkpoint {
 public:
  // InputError saying what is wrong with it, or that it is of another run.
  Checkpoint(const std::filesystem::path& path, const std::string& run);
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;
  ~Checkpoint();

  const CheckpointHead& head() const;
  // Its tensors one after the other, whole; they live as long as this. InputError naming the first
  // one that is not as in the tables, expected and found shape; `optimizer` null: of the weights
  // alone.
  TensorSource tensors(const ParameterTable& weights, const ParameterTable* optimizer) const;

 private:
  struct File;
  std::unique_ptr<File> file_;
};

// Where a checkpoint of that step belongs.
std::filesystem::path checkpoint_path(const std::filesystem::path& folder, std::int64_t step);
// The file of a rank in the folder `place` that several ranks save in.
std::filesystem::path part_file(const std::filesystem::path& place, int rank);
// Waits until every rank has written its file in `place`. False, and `place` is removed, where
// `given_up` says so before. `grew` is told, at most once a second, that more lies there than
// before: a slow disk is no rank that hangs.
bool wait_for_parts(const std::filesystem::path& place, int ranks,
                    const std::function<bool()>& given_up, const std::function<void()>& grew);
// Gives a place in which all parts are its name, durably.
void commit_parts(const std::filesystem::path& place, const std::filesystem::path& path);

// The newest checkpoint of `run` that is whole; each one that is damaged or of another run is
// passed over, and `warn` is told its problem. Absent where none is left. InputError where one
// cannot be read, or is of another version of isoloss: it may be whole.
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

// Moves the checkpoint of that step from one folder of the run to another, as if it had been
// written there. WorkError where that fails.
void move_checkpoint(const std::filesystem::path& from, const std::filesystem::path& folder,
                     std::int64_t step);

// Removes what a checkpoint of step `newest` leaves no use for: all but the newest two up to it,
// kept ones aside. What cannot be removed stays until the next one is written: a disk that refuses
// that fails no run.
void remove_older_checkpoints(const std::filesystem::path& folder, std::int64_t newest);
// Removes one, in one step, so that nobody ever finds half of it; what cannot be removed stays.
void remove_checkpoint(const std::filesystem::path& path);
// Removes the run's checkpoints, kept ones aside (a diverged run needs none).
void remove_checkpoints(const std::filesystem::path& folder);
// Removes what processes of this machine that are no more left half-written of checkpoints and run
// files. By who holds the claim on the run.
void remove_leftovers(const std::filesystem::path& folder);

}  // namespace isoloss
