#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/files/summed_file.h"
#include "harness/training/checkpoint.h"
#include "results/checkpoint_layout.h"

namespace isoloss {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <typename Value>
std::string_view raw(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

nlohmann::json names_and_shapes(const ParameterTable& table) {
  nlohmann::json list = nlohmann::json::array();
  for (const Parameter& p : table.parameters) list.push_back({p.name, p.shape});
  return list;
}

// Of a rank's part: where each stands in the file's buffer, and in the whole tensor.
nlohmann::json places(const ParameterTable& table) {
  nlohmann::json list = nlohmann::json::array();
  for (const Parameter& p : table.parameters)
    list.push_back({p.name, p.shape, p.offset, p.tensor_axis, p.first, p.whole_extent});
  return list;
}

std::string list_of(const StateTables& tables, const SavingRank& writer) {
  if (writer.ranks == 1)
    return nlohmann::json{{"weights", names_and_shapes(tables.weights)},
                          {"state", names_and_shapes(tables.optimizer)}}
        .dump();
  return nlohmann::json{{"part", {writer.rank, writer.ranks}},
                        {"weights", places(tables.weights)},
                        {"state", places(tables.optimizer)}}
      .dump();
}

}  // namespace

struct CheckpointWriter::File {
  File(const std::filesystem::path& path) : summed(path) {}

  SummedFile summed;
  std::uint32_t element_bytes = 0;
  // How many zeros stand before each tensor, and behind the last one of each table.
  struct Gap {
    std::uint64_t before = 0, bytes = 0, behind = 0;
  };
  std::vector<Gap> tensors;
  std::size_t next = 0;

  void add_table(const ParameterTable& table) {
    std::int64_t at = 0;
    const auto bytes = [this](std::int64_t n) {
      return static_cast<std::uint64_t>(n) * element_bytes;
    };
    for (const Parameter& p : table.parameters) {
      tensors.push_back({bytes(p.offset - at), bytes(p.size()), 0});
      at = p.offset + p.size();
    }
    if (!table.parameters.empty()) tensors.back().behind = bytes(table.buffer_size - at);
  }
  void zeros(std::uint64_t bytes) { summed.write(std::string(bytes, '\0')); }
};

CheckpointWriter::CheckpointWriter(const std::filesystem::path& path, const CheckpointHead& head,
                                   const StateTables& tables, const SavingRank& writer)
    : file_(std::make_unique<File>(path)) {
  file_->element_bytes = head.element_bytes;
  file_->add_table(tables.weights);
  file_->add_table(tables.optimizer);
  CheckpointFrame frame{};
  std::memcpy(frame.magic, kCheckpointMagic.data(), sizeof frame.magic);
  frame.version = kCheckpointVersion;
  frame.element_bytes = head.element_bytes;
  std::memcpy(frame.run, head.run.data(), std::min(head.run.size(), sizeof frame.run));
  frame.step = head.step;
  frame.seconds = head.seconds;
  frame.weight_bytes = static_cast<std::uint64_t>(tables.weights.buffer_size) * head.element_bytes;
  frame.state_bytes = static_cast<std::uint64_t>(tables.optimizer.buffer_size) * head.element_bytes;
  file_->summed.write(raw(frame));
  const std::string list = list_of(tables, writer);
  file_->summed.write(raw(static_cast<std::uint64_t>(list.size())));
  file_->summed.write(list);
}

CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::add(std::span<const std::byte> values) {
  const File::Gap& gap = file_->tensors.at(file_->next++);
  file_->zeros(gap.before);
  file_->summed.write(text_of(values.first(gap.bytes)));
  file_->zeros(gap.behind);
}

void CheckpointWriter::commit() {
  file_->summed.write_unsummed(raw(file_->summed.checksum()));
  file_->summed.commit();
}

}  // namespace isoloss
