#include "harness/training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "harness/files/safetensors.h"
#include "harness/training/checkpoint_pieces.h"
#include "model/spec/error.h"
#include "results/checkpoint_parts.h"

namespace isoloss {

struct Checkpoint::File {
  std::filesystem::path path;
  std::vector<std::unique_ptr<CheckpointFile>> parts;  // by rank; one where a rank wrote it alone
  CheckpointHead head;

  // The InputError of tensors that are not the model's.
  [[noreturn]] void refuse(const std::string& what) const;
  // Throws where the tensors that the one file lists are not the table's.
  void compare(const char* part, const ParameterTable& table, std::uint64_t bytes) const;
};

Checkpoint::Checkpoint(const std::filesystem::path& path, const std::string& run)
    : file_(new File{path, open_checkpoint(path, run), {}}) {
  const CheckpointFrame& frame = file_->parts[0]->frame();
  file_->head = {run, frame.step, frame.seconds, frame.element_bytes};
}

Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;
Checkpoint::~Checkpoint() = default;

const CheckpointHead& Checkpoint::head() const { return file_->head; }

void Checkpoint::File::refuse(const std::string& what) const {
  throw InputError(fmt::format(
      "{} does not fit ({}); it is of another version of isoloss: use that one, or remove it to "
      "train these steps again",
      path.string(), what));
}

void Checkpoint::File::compare(const char* part, const ParameterTable& table,
                               std::uint64_t bytes) const {
  const CheckpointFile& content = *parts[0];
  if (!content.tensors().is_null()) {
    const auto listed = content.tensors().value(
        part, std::vector<std::pair<std::string, std::vector<std::int64_t>>>());
    for (std::size_t i = 0; i < std::max(listed.size(), table.parameters.size()); ++i) {
      if (i >= listed.size())
        refuse(fmt::format("tensor {} of shape {} is expected and missing",
                           table.parameters[i].name, shape_text(table.parameters[i].shape)));
      const auto& [name, shape] = listed[i];
      if (i >= table.parameters.size())
        refuse(fmt::format("tensor {} of shape {} is not expected", name, shape_text(shape)));
      const Parameter& p = table.parameters[i];
      if (name != p.name)
        refuse(fmt::format("tensor {} of shape {} is expected, found {} of shape {}", p.name,
                           shape_text(p.shape), name, shape_text(shape)));
      if (shape != p.shape)
        refuse(fmt::format("tensor {}: expected shape {}, found {}", name, shape_text(p.shape),
                           shape_text(shape)));
    }
  }
  const std::uint64_t expected = static_cast<std::uint64_t>(table.buffer_size) * head.element_bytes;
  if (bytes != expected)
    refuse(fmt::format("expected {} bytes of {}, found {}", expected, part, bytes));
}

TensorSource Checkpoint::tensors(const ParameterTable& weights,
                                 const ParameterTable* optimizer) const {
  const File& f = *file_;
  if (f.parts.size() > 1)
    return tensors_of_parts(f.parts, weights, optimizer,
                            [&f](const std::string& what) { f.refuse(what); });
  const CheckpointFile& content = *f.parts[0];
  const CheckpointFrame& frame = content.frame();
  const std::uint64_t weights_at = content.weights_at();
  f.compare("weights", weights, frame.weight_bytes);
  if (optimizer) f.compare("state", *optimizer, frame.state_bytes);
  std::vector<std::uint64_t> places;
  for (const Parameter& p : weights.parameters)
    places.push_back(weights_at + static_cast<std::uint64_t>(p.offset) * f.head.element_bytes);
  if (optimizer)
    for (const Parameter& p : optimizer->parameters)
      places.push_back(weights_at + frame.weight_bytes +
                       static_cast<std::uint64_t>(p.offset) * f.head.element_bytes);
  return [&content, places = std::move(places), next = std::size_t{0}](
             std::span<std::byte> to) mutable { content.read(places.at(next++), to); };
}

}  // namespace isoloss
