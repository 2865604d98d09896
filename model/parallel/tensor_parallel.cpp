#include "model/parallel/tensor_parallel.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/spec/shard.h"

namespace isoloss {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

at::Tensor summed(const at::Tensor& x, Communicator& ranks) {
  at::Tensor y = x.contiguous().clone();
  const auto size = static_cast<std::size_t>(y.numel());
  if (y.scalar_type() == at::kDouble)
    ranks.all_reduce_sum(std::span(y.data_ptr<double>(), size));
  else
    ranks.all_reduce_sum(std::span(y.data_ptr<float>(), size));
  return y;
}

// The communicator outlives the model and therefore every node of its graph.
Communicator& kept_ranks(AutogradContext* context) {
  return *reinterpret_cast<Communicator*>(context->saved_data["ranks"].toInt());
}

struct Shared : torch::autograd::Function<Shared> {
  static Variable forward(AutogradContext* context, const Variable& x, std::int64_t ranks) {
    context->saved_data["ranks"] = ranks;
    return x.view_as(x);
  }
  static variable_list backward(AutogradContext* context, variable_list d) {
    return {summed(d[0], kept_ranks(context)), Variable()};
  }
};

struct Sum : torch::autograd::Function<Sum> {
  static Variable forward(AutogradContext*, const Variable& x, std::int64_t ranks) {
    return summed(x, *reinterpret_cast<Communicator*>(ranks));
  }
  static variable_list backward(AutogradContext*, variable_list d) { return {d[0], Variable()}; }
};

bool alone(const Communicator* ranks) { return ranks == nullptr || ranks->size() == 1; }

}  // namespace

at::Tensor shared_by_ranks(const at::Tensor& x, Communicator* ranks) {
  return alone(ranks) ? x : Shared::apply(x, reinterpret_cast<std::int64_t>(ranks));
}

at::Tensor sum_over_ranks(const at::Tensor& x, Communicator* ranks) {
  return alone(ranks) ? x : Sum::apply(x, reinterpret_cast<std::int64_t>(ranks));
}

// A sum of parts that are zero everywhere but in their own columns: exact, and both seams' own
// derivatives make up its gradient.
at::Tensor gather_over_ranks(const at::Tensor& x, std::int64_t extent, Communicator* ranks) {
  if (alone(ranks)) return x;
  const std::int64_t before = first_of_shard(extent, {ranks->rank(), ranks->size()});
  const std::int64_t after = extent - before - x.size(-1);
  return shared_by_ranks(sum_over_ranks(at::constant_pad_nd(x, {before, after}), ranks), ranks);
}

}  // namespace isoloss
