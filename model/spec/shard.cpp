#include "model/spec/shard.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "model/spec/error.h"

namespace isoloss {
namespace {

// Elements behind one index of the axis that is split.
std::int64_t stride(const Parameter& p) {
  std::int64_t product = 1;
  for (auto i = static_cast<std::size_t>(p.tensor_axis) + 1; i < p.shape.size(); ++i)
    product *= p.shape[i];
  return product;
}

bool is_split(const Parameter& p) { return p.whole_extent > 0; }

// Elements that stand together in the shard and in the whole tensor.
std::int64_t run_of(const Parameter& p) {
  return is_split(p) ? p.shape[static_cast<std::size_t>(p.tensor_axis)] * stride(p) : p.size();
}

// Equal parts of a model's heads, of those of keys and values and of its hidden channels.
bool divides(const ModelSpec& spec, int ranks) {
  return head_count(spec) % ranks == 0 && kv_head_count(spec) % ranks == 0 &&
         feed_forward_width(spec) % ranks == 0 && spec.vocabulary >= ranks;
}

// The wording of every refusal: "12 heads (8 ranks share a model's heads); ...".
void check_divides(const ModelSpec& spec, std::int64_t extent, const std::string& what,
                   const std::string& field, int ranks) {
  if (extent % ranks == 0) return;
  std::string fits;
  for (int n = 1; n < ranks; ++n)
    if (divides(spec, n)) fits += (fits.empty() ? "" : ", ") + std::to_string(n);
  const std::int64_t below = extent / ranks * ranks;
  throw InputError(std::to_string(extent) + " " + what +
                   " do not divide by tensor_parallel: " + std::to_string(ranks) +
                   " (each rank takes an equal part of them); use " + fits + " ranks, or set " +
                   field + " to " + (below > 0 ? std::to_string(below) + " or " : "") +
                   std::to_string(below + ranks));
}

// Calls use(place in the part's buffer, place in the whole one's, count) for every run of elements.
template <typename Use>
void for_each_run(const ParameterTable& part, const ParameterTable& whole, Use use) {
  auto at = whole.parameters.begin();
  for (const Parameter& p : part.parameters) {
    at = std::find_if(at, whole.parameters.end(),
                      [&](const Parameter& other) { return other.name == p.name; });
    if (at == whole.parameters.end() || (at->shape != p.shape && at->shape != whole_shape(p)))
      throw InputError("tensor " + p.name +
                       " is not one of the whole model's (two tables of different models); make "
                       "both from one spec");
    if (at->shape == p.shape) {
      use(static_cast<std::size_t>(p.offset), static_cast<std::size_t>(at->offset),
          static_cast<std::size_t>(p.size()));
      continue;
    }
    const std::int64_t run = run_of(p);
    for (std::int64_t i = 0; i < p.size(); i += run)
      use(static_cast<std::size_t>(p.offset + i),
          static_cast<std::size_t>(at->offset + whole_index(p, i)), static_cast<std::size_t>(run));
  }
}

}  // namespace

std::int64_t first_of_shard(std::int64_t extent, const Shard& shard) {
  return extent * shard.rank / shard.ranks;
}

void check_layout(const ModelSpec& spec, int tensor_ranks) {
  if (tensor_ranks < 1)
    throw InputError("tensor_parallel: " + std::to_string(tensor_ranks) +
                     " (a model needs a rank); write 1 or more");
  check_divides(spec, head_count(spec), "attention heads", "model.heads", tensor_ranks);
  check_divides(spec, kv_head_count(spec), "heads of keys and values", "model.kv_heads",
                tensor_ranks);
  check_divides(spec, feed_forward_width(spec), "hidden channels",
                spec.gated ? "model.d_ff_gated" : "model.d_ff", tensor_ranks);
  if (spec.vocabulary < tensor_ranks)
    throw InputError("tensor_parallel: " + std::to_string(tensor_ranks) + " for a vocabulary of " +
                     std::to_string(spec.vocabulary) +
                     " (each rank takes ids of its own); use fewer ranks");
}

ModelSpec spec_of_shard(const ModelSpec& spec, const Shard& shard) {
  if (shard.ranks == 1) return spec;
  check_layout(spec, shard.ranks);
  ModelSpec part = spec;
  part.heads = head_count(spec) / shard.ranks;
  part.kv_heads = kv_head_count(spec) / shard.ranks;
  (spec.gated ? part.d_ff_gated : part.d_ff) = feed_forward_width(spec) / shard.ranks;
  part.vocabulary = first_of_shard(spec.vocabulary, {shard.rank + 1, shard.ranks}) -
                    first_of_shard(spec.vocabulary, shard);
  return part;
}

ParameterTable parameter_table(const ModelSpec& spec, const Shard& shard) {
  ParameterTable table = parameter_table(spec);
  if (shard.ranks == 1) return table;
  check_layout(spec, shard.ranks);
  table.buffer_size = 0;
  for (Parameter& p : table.parameters) {
    if (p.tensor_axis >= 0) {
      std::int64_t& extent = p.shape[static_cast<std::size_t>(p.tensor_axis)];
      p.whole_extent = extent;
      p.first = first_of_shard(extent, shard);
      extent = first_of_shard(extent, {shard.rank + 1, shard.ranks}) - p.first;
    }
    p.offset = p.adjacent ? table.buffer_size : aligned(table.buffer_size);
    table.buffer_size = p.offset + p.size();
  }
  table.buffer_size = aligned(table.buffer_size);
  return table;
}

std::vector<std::int64_t> whole_shape(const Parameter& parameter) {
  std::vector<std::int64_t> shape = parameter.shape;
  if (is_split(parameter))
    shape[static_cast<std::size_t>(parameter.tensor_axis)] = parameter.whole_extent;
  return shape;
}

std::int64_t whole_index(const Parameter& parameter, std::int64_t i) {
  if (!is_split(parameter)) return i;
  const std::int64_t unit = stride(parameter), run = run_of(parameter);
  return i / run * parameter.whole_extent * unit + parameter.first * unit + i % run;
}

template <typename Real>
void copy_to_shard(const ParameterTable& whole, std::span<const Real> from,
                   const ParameterTable& part, std::span<Real> to) {
  for_each_run(part, whole, [&](std::size_t here, std::size_t there, std::size_t count) {
    std::ranges::copy(from.subspan(there, count), to.subspan(here, count).begin());
  });
}

template <typename Real>
void copy_from_shard(const ParameterTable& part, std::span<const Real> from,
                     const ParameterTable& whole, std::span<Real> to) {
  for_each_run(part, whole, [&](std::size_t here, std::size_t there, std::size_t count) {
    std::ranges::copy(from.subspan(here, count), to.subspan(there, count).begin());
  });
}

template void copy_to_shard(const ParameterTable&, std::span<const float>, const ParameterTable&,
                            std::span<float>);
template void copy_to_shard(const ParameterTable&, std::span<const double>, const ParameterTable&,
                            std::span<double>);
template void copy_from_shard(const ParameterTable&, std::span<const float>, const ParameterTable&,
                              std::span<float>);
template void copy_from_shard(const ParameterTable&, std::span<const double>, const ParameterTable&,
                              std::span<double>);

}  // namespace isoloss
