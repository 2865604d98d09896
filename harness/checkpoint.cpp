#include "harness/checkpoint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <ranges>
#include <string_view>

#include "harness/progress/run_progress.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr std::string_view kMagic = "isolossC";
constexpr std::uint32_t kVersion = 1;

struct Frame {
  char magic[8];
  std::uint32_t version;
  std::uint32_t element_bytes;
  char run[32];  // zero-padded
  std::int64_t step;
  double seconds;
  std::uint64_t weight_bytes;
  std::uint64_t state_bytes;
};
static_assert(sizeof(Frame) == 80);

std::filesystem::path checkpoint_file(const std::filesystem::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}", step);
}

std::filesystem::path kept_file(const std::filesystem::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}{}", step, kKeptSuffix);
}

Checkpoint parse(std::string_view bytes, const std::string& run) {
  Frame frame{};
  if (bytes.size() < sizeof frame + sizeof(std::uint64_t)) throw InputError("it is truncated");
  std::memcpy(&frame, bytes.data(), sizeof frame);
  if (std::string_view(frame.magic, sizeof frame.magic) != kMagic) {
    throw InputError("it is no checkpoint");
  }
  if (frame.version != kVersion) throw InputError("it is of another version");
  const std::size_t body = bytes.size() - sizeof(std::uint64_t);
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + body, sizeof checksum);
  if (checksum != XXH3_64bits(bytes.data(), body)) throw InputError("its checksum is wrong");
  if (body != sizeof frame + frame.weight_bytes + frame.state_bytes) {
    throw InputError("its sizes disagree");
  }
  const std::string named(frame.run, ::strnlen(frame.run, sizeof frame.run));
  if (named != run) throw InputError("it is of run " + named);
  const auto* values = reinterpret_cast<const std::byte*>(bytes.data() + sizeof frame);
  const auto* state = values + frame.weight_bytes;
  return {{named, frame.step, frame.seconds, frame.element_bytes},
          {values, state},
          {state, state + frame.state_bytes}};
}

}  // namespace

void save_checkpoint(const std::filesystem::path& folder, const CheckpointHead& head,
                     std::span<const std::byte> weights, std::span<const std::byte> state) {
  Frame frame{};
  std::memcpy(frame.magic, kMagic.data(), sizeof frame.magic);
  frame.version = kVersion;
  frame.element_bytes = head.element_bytes;
  std::memcpy(frame.run, head.run.data(), std::min(head.run.size(), sizeof frame.run));
  frame.step = head.step;
  frame.seconds = head.seconds;
  frame.weight_bytes = weights.size();
  frame.state_bytes = state.size();
  std::string bytes;
  bytes.reserve(sizeof frame + weights.size() + state.size() + sizeof(std::uint64_t));
  bytes.append(reinterpret_cast<const char*>(&frame), sizeof frame);
  bytes.append(reinterpret_cast<const char*>(weights.data()), weights.size());
  bytes.append(reinterpret_cast<const char*>(state.data()), state.size());
  const std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  write_durably(checkpoint_file(folder, head.step), bytes);
  // Later ones were passed over as damaged when this state was restored.
  int kept = 0;
  for (const std::int64_t step : checkpoint_steps(folder) | std::views::reverse) {
    if (step > head.step || ++kept > 2) std::filesystem::remove(checkpoint_file(folder, step));
  }
}

std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder,
                                          const std::string& run,
                                          const std::function<void(const std::string&)>& warn) {
  for (const std::int64_t step : checkpoint_steps(folder) | std::views::reverse) {
    const auto path = checkpoint_file(folder, step);
    try {
      return parse(read_file(path), run);
    } catch (const InputError& problem) {
      warn(fmt::format("cannot use {} ({}); going on from the one before it", path.string(),
                       problem.what()));
    }
  }
  return std::nullopt;
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
      return parse(read_file(path), run);
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

void remove_checkpoints(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const std::int64_t step : checkpoint_steps(folder)) {
    std::filesystem::remove(checkpoint_file(folder, step), ignored);
  }
}

}  // namespace isoloss
