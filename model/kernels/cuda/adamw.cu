#include "model/kernels/cuda/adamw.h"

#include <cmath>

#include "model/kernels/cuda/update_pieces.h"

namespace isoloss::device {
namespace {

struct AdamWNumbers {
  float beta1, beta2, mix1, mix2, epsilon;
  double log_beta1, log_beta2, weight_decay;
};

__global__ void __launch_bounds__(kUpdateThreads)
    adamw_pieces(UpdateView table, AdamWNumbers c, const UpdateInput* input,
                 const UpdateState* state, AdamWBuffers buffers) {
  if (!state->finite) return;
  const UpdatePiece piece = table.pieces[blockIdx.x];
  const TensorEntry tensor = table.tensors[piece.tensor];
  const double power = static_cast<double>(input->step + 1);
  // 1 - beta^power keeps its digits so, however near beta is to 1.
  const float past1 = -expm1f(static_cast<float>(power * c.log_beta1));
  const float past2 = -expm1f(static_cast<float>(power * c.log_beta2));
  const float size = static_cast<float>(input->learning_rate) / past1;
  const float correction = 1.0F / sqrtf(past2), clip = state->clip_factor;
  const float keep =
      tensor.decays ? static_cast<float>(1 - input->learning_rate * c.weight_decay) : 1.0F;
  for_each_four(tensor, piece, [&](std::int64_t, std::int64_t, std::int64_t at, int count) {
    const std::int64_t moment = tensor.moments + at, element = tensor.offset + at;
    const Four g = load_four(buffers.gradients + element, count);
    Four w = load_four(buffers.weights + element, count);
    Four m = load_four(buffers.first_moments + moment, count);
    Four v = load_four(buffers.second_moments + moment, count);
    ISOLOSS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const float d = clip * g.at[i];
      m.at[i] = c.beta1 * m.at[i] + c.mix1 * d;
      v.at[i] = c.beta2 * v.at[i] + c.mix2 * d * d;
      w.at[i] = keep * w.at[i] - size * m.at[i] / (sqrtf(v.at[i]) * correction + c.epsilon);
    }
    store_four(buffers.weights + element, w, count);
    store_four(buffers.first_moments + moment, m, count);
    store_four(buffers.second_moments + moment, v, count);
    if (buffers.rounded) store_four(buffers.rounded + element, w, count);
  });
}

}  // namespace

void adamw_update(Stream& stream, const UpdateTable& table, const AdamWSettings& settings,
                  const UpdateInput* input, const UpdateState* state, const AdamWBuffers& buffers) {
  if (table.tensors.empty()) return;
  const AdamWNumbers numbers{static_cast<float>(settings.beta1),
                             static_cast<float>(settings.beta2),
                             static_cast<float>(1 - settings.beta1),
                             static_cast<float>(1 - settings.beta2),
                             static_cast<float>(settings.epsilon),
                             std::log(settings.beta1),
                             std::log(settings.beta2),
                             settings.weight_decay};
  launch(stream, {.grid_x = static_cast<unsigned>(table.pieces.size()), .threads = kUpdateThreads},
         adamw_pieces, view(table), numbers, input, state, buffers);
}

}  // namespace isoloss::device
