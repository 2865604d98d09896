// A rank's part of a model that several ranks share by tensor parallelism: the parameter table with
// each split tensor cut along its tensor_axis into ranges, one a rank, and the rest whole. Heads
// and hidden channels are cut into equal ranges; those of a vocabulary that does not divide
// (GPT-2's 50,257 is prime to 2) differ by one id. A shard's initial values and states are the very
// numbers of the whole tensor.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "model/spec/model_spec.h"
#include "model/spec/parameters.h"

namespace isoloss {

struct Shard {
  int rank = 0;
  int ranks = 1;

  bool operator==(const Shard&) const = default;
};

// First index of the shard's range of an axis of `extent`; the next rank's is its end.
std::int64_t first_of_shard(std::int64_t extent, const Shard& shard);

// Throws InputError where heads, heads of keys and values or hidden width do not divide by
// `tensor_ranks`, or where some would have no id of the vocabulary; the text names the ranks or the
// widths that would.
void check_layout(const ModelSpec& spec, int tensor_ranks);

// The model that the rank's heads, hidden channels and ids would be alone; the same at one rank.
// InputError as check_layout.
ModelSpec spec_of_shard(const ModelSpec& spec, const Shard& shard);

// The table of the rank's shard: names and order of the whole one, shapes and offsets its own.
// InputError as check_layout.
ParameterTable parameter_table(const ModelSpec& spec, const Shard& shard);

// Shape of the tensor of which the parameter is a shard; its own shape where it is whole.
std::vector<std::int64_t> whole_shape(const Parameter& parameter);

// Where element `i` of a shard stands in the whole tensor, both counted row by row.
std::int64_t whole_index(const Parameter& parameter, std::int64_t i);

// Copy a shard out of and into a flat buffer of whole tensors. `part` names tensors of `whole`, in
// its order, and may lack some; where `whole` has no more of a tensor than `part`, it is copied as
// it stands. Whatever lies between tensors stays as it is.
template <typename Real>
void copy_to_shard(const ParameterTable& whole, std::span<const Real> from,
                   const ParameterTable& part, std::span<Real> to);
template <typename Real>
void copy_from_shard(const ParameterTable& part, std::span<const Real> from,
                     const ParameterTable& whole, std::span<Real> to);

}  // namespace isoloss
