#include "model/layers/ends.h"

#include <torch/torch.h>

#include <cmath>

#include "model/layers/layer_state.h"
#include "model/layers/positions.h"
#include "model/layers/product.h"
#include "model/parallel/tensor_parallel.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

bool alone(const PlainStep& step) { return !step.tensor_ranks || step.tensor_ranks->size() == 1; }

// Which ids lie in this rank's rows, and their row there (0 for the others).
struct LocalIds {
  at::Tensor here;  // bool
  at::Tensor row;   // int64
};
LocalIds local_ids(const PlainStep& step, const at::Tensor& ids, std::int64_t rows) {
  const Shard shard{step.tensor_ranks->rank(), step.tensor_ranks->size()};
  const at::Tensor row = ids - first_of_shard(step.spec.vocabulary, shard);
  const at::Tensor here = (row >= 0).logical_and(row < rows);
  return {here, row * here};
}

// log of the sum over every rank's logits of exp. The largest needs no gradient: it cancels.
at::Tensor log_sum_exp(const PlainStep& step, const at::Tensor& logits) {
  if (alone(step)) return logits.logsumexp({-1});
  const at::Tensor own = logits.detach().amax({-1}, true);
  const at::Tensor largest =
      gather_over_ranks(own, step.tensor_ranks->size(), step.tensor_ranks).amax({-1}, true);
  const at::Tensor sum = sum_over_ranks((logits - largest).exp().sum({-1}), step.tensor_ranks);
  return sum.log() + largest.squeeze(-1);
}

at::Tensor logits_of(const PlainStep& step, const at::Tensor& logits, const at::Tensor& targets) {
  if (alone(step)) return logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1);
  const LocalIds ids = local_ids(step, targets, logits.size(-1));
  const at::Tensor own = logits.gather(-1, ids.row.unsqueeze(-1)).squeeze(-1);
  return sum_over_ranks(own * ids.here, step.tensor_ranks);
}

}  // namespace

at::Tensor embedded(const PlainStep& step, const Weight& embedding, const at::Tensor& ids) {
  if (alone(step)) return at::embedding(embedding.value, ids);
  const LocalIds local = local_ids(step, ids, embedding.value.size(0));
  const at::Tensor rows = at::embedding(embedding.value, local.row);
  return sum_over_ranks(rows * local.here.unsqueeze(-1), step.tensor_ranks);
}

at::Tensor with_positions(const PlainStep& step, const Weight& position_embedding,
                          const at::Tensor& x) {
  const ModelSpec& spec = step.spec;
  if (spec.positions == Positions::Learned) {
    if (!step.tokens) return x + position_embedding.value.narrow(0, 0, x.size(1));
    // Padding may lie beyond the last position.
    return x + at::embedding(position_embedding.value,
                             step.tokens->positions.clamp_max(spec.sequence - 1));
  }
  if (spec.positions == Positions::Sinusoidal)
    return x + timing_signal(spec, positions_of(step, x.size(1)), x.options());
  return x;
}

at::Tensor output_logits(const PlainStep& step, const Weight& output, const at::Tensor& x) {
  const ModelSpec& spec = step.spec;
  const bool scaled = spec.tied && spec.output_scale;
  const at::Tensor read = shared_by_ranks(
      scaled ? x / std::sqrt(static_cast<double>(spec.d_model)) : x, step.tensor_ranks);
  return linear(step.precision, read, output.value);
}

Loss loss(const PlainStep& step, const at::Tensor& logits, const at::Tensor& targets,
          double z_loss) {
  const at::Tensor log_z = log_sum_exp(step, logits);
  const at::Tensor cross_entropy = (log_z - logits_of(step, logits, targets)).mean();
  return {cross_entropy,
          z_loss == 0 ? cross_entropy : cross_entropy + z_loss * log_z.square().mean()};
}

}  // namespace isoloss
