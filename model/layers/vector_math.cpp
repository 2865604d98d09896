#include "model/layers/vector_math.h"

#include <torch/torch.h>

#include <mutex>

namespace isoloss {

void resolve_vector_math() {
  static std::once_flag done;
  std::call_once(done, [] {
    for (const auto type : {at::kFloat, at::kDouble}) {
      const at::Tensor one = at::ones({1}, at::TensorOptions(type));
      for (const auto function : {at::exp, at::log, at::tanh, at::erf, at::sin, at::cos, at::sqrt})
        function(one);
    }
  });
}

}  // namespace isoloss
