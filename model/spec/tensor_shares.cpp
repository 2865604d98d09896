#include "model/spec/tensor_shares.h"

#include <cstddef>
#include <cstdint>

#include "model/spec/shard.h"

namespace isoloss {
namespace {

std::int64_t whole_size(const Parameter& p) {
  std::int64_t size = 1;
  for (const std::int64_t extent : whole_shape(p)) size *= extent;
  return size;
}

}  // namespace

std::vector<ParameterTable> share_out(const ParameterTable& table, int ranks) {
  std::vector<ParameterTable> shares(static_cast<std::size_t>(ranks));
  for (ParameterTable& share : shares) share.buffer_size = table.buffer_size;
  std::int64_t total = 0, before = 0;
  for (const Parameter& p : table.parameters) total += whole_size(p);
  for (const Parameter& p : table.parameters) {
    // The rank in whose equal part of the elements the tensor's middle lies.
    const std::int64_t middle = 2 * before + whole_size(p);
    shares[static_cast<std::size_t>(middle * ranks / (2 * total))].parameters.push_back(p);
    before += whole_size(p);
  }
  return shares;
}

}  // namespace isoloss
