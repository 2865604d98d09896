#include "model/cost/step_time.h"

#include <cmath>

#include "model/cost/flops.h"
#include "model/cost/quantities.h"
#include "model/spec/shard.h"

namespace isoloss {
namespace {

// Sums over `ranks` ranks: each adds up its part of the elements and all get all parts, so nearly
// all bytes pass a rank twice.
double sum_seconds(double sums, double elements, double ranks, const StepRates& rates) {
  const double bytes = 2 * (ranks - 1) / ranks * kFloat * elements;
  return sums * (std::ceil(elements / kMessageElements) * rates.exchange_seconds +
                 bytes / rates.exchange_bytes_per_second);
}

double tensor_exchange(const ModelSpec& spec, const StepShape& shape, const StepRates& rates) {
  const double ranks = shape.tensor_ranks;
  const double rows = real(shape.batch_tokens) / shape.data_ranks / real(shape.micro_batches);
  // Both branches of a layer both ways; the embedding's rows; the gradient of what the output layer
  // reads; of the loss a row's largest logit, sum and target.
  const double sums = 4 * real(spec.layers) + 2;
  double seconds = sum_seconds(sums, rows * real(spec.d_model), ranks, rates) +
                   sum_seconds(3, rows, ranks, rates);
  // Every head's queries read every rank's keys.
  if (spec.shared_qk == SharedQk::Full)
    seconds += sum_seconds(2 * real(spec.layers), rows * real(attention_width(spec)), ranks, rates);
  return real(shape.micro_batches) * seconds;
}

double data_exchange(const ModelSpec& spec, const StepShape& shape, const StepRates& rates) {
  const double ranks = shape.data_ranks;
  const double values =
      real(parameter_table(spec, Shard{shape.tensor_ranks - 1, shape.tensor_ranks}).buffer_size);
  const double handed_out = (ranks - 1) / ranks * kFloat * values;
  return sum_seconds(1, values, ranks, rates) + ranks * rates.exchange_seconds +
         handed_out / rates.exchange_bytes_per_second;
}

}  // namespace

StepSeconds step_seconds(const ModelSpec& spec, const StepShape& shape, const StepRates& rates) {
  const double ranks = static_cast<double>(shape.tensor_ranks) * shape.data_ranks;
  StepSeconds seconds;
  seconds.products =
      flops_per_token(spec).exact * real(shape.batch_tokens) / ranks / rates.flops_per_second;
  if (shape.tensor_ranks > 1) seconds.tensor_exchange = tensor_exchange(spec, shape, rates);
  if (shape.data_ranks > 1) seconds.data_exchange = data_exchange(spec, shape, rates);
  // The loss, the norm, and what the leading rank decides: to stop, to save.
  if (ranks > 1)
    (shape.data_ranks > 1 ? seconds.data_exchange : seconds.tensor_exchange) +=
        4 * rates.exchange_seconds;
  return seconds;
}

}  // namespace isoloss
