#include "results/checkpoint_parts.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "model/spec/error.h"
#include "results/checkpoint_names.h"
#include "results/unread_error.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

// RANK and RANKS as the file says; InputError where it does not.
std::pair<std::size_t, std::size_t> part_of(const CheckpointFile& file) {
  const nlohmann::json& tensors = file.tensors();
  const auto part = tensors.is_object() ? tensors.find("part") : tensors.end();
  if (part == tensors.end() || !part->is_array() || part->size() != 2 ||
      !(*part)[0].is_number_unsigned() || !(*part)[1].is_number_unsigned())
    throw InputError("it is no rank's part");
  return {(*part)[0].get<std::size_t>(), (*part)[1].get<std::size_t>()};
}

std::unique_ptr<CheckpointFile> open_part(const fs::path& folder, const std::string& run,
                                          std::size_t rank, const std::string& name) {
  const fs::path path = folder / part_name(rank);
  if (!fs::exists(path)) throw InputError(name + " is missing");
  try {
    auto file = std::make_unique<CheckpointFile>(path, run);
    if (part_of(*file).first != rank) throw InputError("it is another rank's part");
    return file;
  } catch (const UnreadError& problem) {
    throw UnreadError(name + ": " + problem.what());
  } catch (const InputError& problem) {
    throw InputError(name + ": " + problem.what());
  }
}

}  // namespace

std::vector<std::unique_ptr<CheckpointFile>> open_checkpoint(const fs::path& path,
                                                             const std::string& run) {
  std::vector<std::unique_ptr<CheckpointFile>> files;
  if (!fs::is_directory(path)) {
    files.push_back(std::make_unique<CheckpointFile>(path, run));
    return files;
  }
  files.push_back(open_part(path, run, 0, part_name(0)));
  const std::size_t ranks = part_of(*files[0]).second;
  for (std::size_t rank = 1; rank < ranks; ++rank) {
    const std::string name = part_name(rank) + " of " + std::to_string(ranks);
    files.push_back(open_part(path, run, rank, name));
    if (part_of(*files.back()).second != ranks ||
        files.back()->frame().step != files[0]->frame().step ||
        files.back()->frame().element_bytes != files[0]->frame().element_bytes)
      throw InputError(name + " is of another checkpoint");
  }
  return files;
}

}  // namespace isoloss
