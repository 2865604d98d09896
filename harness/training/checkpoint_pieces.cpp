#include "harness/training/checkpoint_pieces.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "harness/files/safetensors.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

struct Piece {
  const CheckpointFile* file = nullptr;
  std::uint64_t place = 0;  // of its first value in the file
  Parameter parameter;      // at the beginning of a buffer of its own
};
using Pieces = std::map<std::string, std::vector<Piece>>;  // by tensor

void add_pieces(const CheckpointFile& file, const char* part, std::uint64_t buffer_at,
                Pieces& pieces) {
  for (const nlohmann::json& entry : file.tensors().at(part)) {
    Piece piece{&file, 0, {}};
    Parameter& p = piece.parameter;
    p.name = entry.at(0);
    p.shape = entry.at(1).get<std::vector<std::int64_t>>();
    piece.place = buffer_at + entry.at(2).get<std::uint64_t>() * file.frame().element_bytes;
    p.tensor_axis = entry.at(3);
    p.first = entry.at(4);
    p.whole_extent = entry.at(5);
    pieces[p.name].push_back(std::move(piece));
  }
}

template <typename Real>
void copy_piece(const Piece& piece, const Parameter& whole, std::span<std::byte> to) {
  std::vector<Real> values(static_cast<std::size_t>(piece.parameter.size()));
  piece.file->read(piece.place, std::as_writable_bytes(std::span(values)));
  copy_from_shard<Real>({{piece.parameter}, piece.parameter.size()}, values,
                        {{whole}, whole.size()},
                        {reinterpret_cast<Real*>(to.data()), to.size() / sizeof(Real)});
}

struct Tensor {
  Parameter whole;
  std::vector<Piece> pieces;

  void read(std::span<std::byte> to) const {
    if (pieces.size() == 1) return pieces[0].file->read(pieces[0].place, to);
    for (const Piece& piece : pieces) {
      if (piece.file->frame().element_bytes == sizeof(double))
        copy_piece<double>(piece, whole, to);
      else
        copy_piece<float>(piece, whole, to);
    }
  }
};

void add_tensors(const ParameterTable& table, Pieces pieces, std::vector<Tensor>& tensors,
                 const std::function<void(const std::string&)>& refuse) {
  for (const Parameter& p : table.parameters) {
    const auto found = pieces.find(p.name);
    if (found == pieces.end())
      refuse(fmt::format("tensor {} of shape {} is expected and missing", p.name,
                         shape_text(p.shape)));
    std::int64_t size = 0;
    for (const Piece& piece : found->second) {
      const auto shape = whole_shape(piece.parameter);
      if (shape != p.shape)
        refuse(fmt::format("tensor {}: expected shape {}, found {}", p.name, shape_text(p.shape),
                           shape_text(shape)));
      size += piece.parameter.size();
    }
    if (size != p.size())
      refuse(fmt::format("tensor {}: {} of its {} values are there", p.name, size, p.size()));
    Parameter whole = p;
    whole.offset = 0;
    tensors.push_back({std::move(whole), std::move(found->second)});
    pieces.erase(found);
  }
  if (!pieces.empty())
    refuse(fmt::format("tensor {} of shape {} is not expected", pieces.begin()->first,
                       shape_text(whole_shape(pieces.begin()->second[0].parameter))));
}

}  // namespace

TensorSource tensors_of_parts(std::span<const std::unique_ptr<CheckpointFile>> files,
                              const ParameterTable& weights, const ParameterTable* optimizer,
                              const std::function<void(const std::string&)>& refuse) {
  std::vector<Tensor> tensors;
  Pieces of_weights, of_state;
  try {
    for (const auto& file : files) {
      add_pieces(*file, "weights", file->weights_at(), of_weights);
      add_pieces(*file, "state", file->weights_at() + file->frame().weight_bytes, of_state);
    }
  } catch (const nlohmann::json::exception&) {
    refuse("its list of tensors has another form");
  }
  add_tensors(weights, std::move(of_weights), tensors, refuse);
  if (optimizer) add_tensors(*optimizer, std::move(of_state), tensors, refuse);
  return [tensors = std::move(tensors), next = std::size_t{0}](std::span<std::byte> to) mutable {
    tensors.at(next++).read(to);
  };
}

}  // namespace isoloss
