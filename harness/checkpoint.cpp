#include "harness/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "harness/checkpoint_layout.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

struct Checkpoint::File {
  std::filesystem::path path;
  int file = -1;
  CheckpointHead head;
  std::uint64_t weights_at = 0, weight_bytes = 0, state_bytes = 0;
  nlohmann::json tensors;  // null where its version does not say

  ~File() {
    if (file >= 0) ::close(file);
  }
  void read(std::uint64_t place, std::span<std::byte> to) const {
    while (!to.empty()) {
      const ssize_t got = ::pread(file, to.data(), to.size(), static_cast<off_t>(place));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw InputError(std::generic_category().message(errno));
      if (got == 0) throw InputError("it is truncated");
      to = to.subspan(static_cast<std::size_t>(got));
      place += static_cast<std::uint64_t>(got);
    }
  }
  template <typename Value>
  Value value_at(std::uint64_t place) const {
    Value value{};
    read(place, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  // Of the first `count` bytes.
  std::uint64_t sum(std::uint64_t count) const {
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         &XXH3_freeState);
    XXH3_64bits_reset(state.get());
    std::vector<std::byte> block(kBlock);
    for (std::uint64_t at = 0; at < count; at += kBlock) {
      const auto part = std::span(block).first(std::min<std::uint64_t>(kBlock, count - at));
      read(at, part);
      XXH3_64bits_update(state.get(), part.data(), part.size());
    }
    return XXH3_64bits_digest(state.get());
  }
  // Throws where the tensors that it lists are not the table's.
  void compare(const char* part, const ParameterTable& table, std::uint64_t bytes) const;
};

Checkpoint::Checkpoint(const std::filesystem::path& path, const std::string& run)
    : file_(std::make_unique<File>()) {
  File& f = *file_;
  f.path = path;
  f.file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (f.file < 0) throw InputError(std::generic_category().message(errno));
  const off_t end = ::lseek(f.file, 0, SEEK_END);
  constexpr std::uint64_t kSum = sizeof(std::uint64_t);
  if (end < static_cast<off_t>(sizeof(CheckpointFrame) + kSum)) throw InputError("it is truncated");
  const std::uint64_t body = static_cast<std::uint64_t>(end) - kSum;
  const auto frame = f.value_at<CheckpointFrame>(0);
  if (std::string_view(frame.magic, sizeof frame.magic) != kCheckpointMagic)
    throw InputError("it is no checkpoint");
  if (frame.version < 1 || frame.version > kCheckpointVersion)
    throw InputError("it is of another version");
  if (f.value_at<std::uint64_t>(body) != f.sum(body)) throw InputError("its checksum is wrong");
  f.weights_at = sizeof frame;
  if (frame.version > 1) {
    const auto size = f.value_at<std::uint64_t>(sizeof frame);
    f.weights_at += sizeof size;
    if (size > body - f.weights_at) throw InputError("its sizes disagree");
    std::string list(size, '\0');
    f.read(f.weights_at, std::as_writable_bytes(std::span(list)));
    f.weights_at += size;
    f.tensors = nlohmann::json::parse(list, nullptr, false);
  }
  f.weight_bytes = frame.weight_bytes;
  f.state_bytes = frame.state_bytes;
  if (body != f.weights_at + f.weight_bytes + f.state_bytes) throw InputError("its sizes disagree");
  const std::string named(frame.run, ::strnlen(frame.run, sizeof frame.run));
  if (named != run) throw InputError("it is of run " + named);
  f.head = {named, frame.step, frame.seconds, frame.element_bytes};
}

Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;
Checkpoint::~Checkpoint() = default;

const CheckpointHead& Checkpoint::head() const { return file_->head; }

void Checkpoint::File::compare(const char* part, const ParameterTable& table,
                               std::uint64_t bytes) const {
  const auto refuse = [&](const std::string& what) {
    throw InputError(fmt::format(
        "{} does not fit ({}); it is of another version of isoloss: use that one, or remove the "
        "file to train these steps again",
        path.string(), what));
  };
  if (!tensors.is_null()) {
    const auto listed =
        tensors.value(part, std::vector<std::pair<std::string, std::vector<std::int64_t>>>());
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
  f.compare("weights", weights, f.weight_bytes);
  if (optimizer) f.compare("state", *optimizer, f.state_bytes);
  std::vector<std::uint64_t> places;
  for (const Parameter& p : weights.parameters)
    places.push_back(f.weights_at + static_cast<std::uint64_t>(p.offset) * f.head.element_bytes);
  if (optimizer)
    for (const Parameter& p : optimizer->parameters)
      places.push_back(f.weights_at + f.weight_bytes +
                       static_cast<std::uint64_t>(p.offset) * f.head.element_bytes);
  return [&f, places = std::move(places), next = std::size_t{0}](std::span<std::byte> to) mutable {
    f.read(places.at(next++), to);
  };
}

}  // namespace isoloss
