#include "model/cost/roofline.h"

#include "model/cost/flops.h"
#include "model/cost/quantities.h"

namespace isoloss {

RooflineSeconds roofline(const KernelWork& work, const DataSheet& sheet) {
  return {work.launches * work.bytes / sheet.memory_bytes_per_second,
          work.launches *
              (work.matrix_flops / sheet.bfloat16_flops + work.scalar_flops / sheet.float32_flops)};
}

Utilisation utilisation(const ModelSpec& spec, double tokens_per_second, double peak_flops) {
  const FlopsPerToken flops = flops_per_token(spec);
  const double attention = flops.six_n_plus_attention - flops.six_n;
  return {tokens_per_second * flops.six_n_plus_attention / peak_flops,
          tokens_per_second * (flops.six_n + 2 * attention) / peak_flops};
}

}  // namespace isoloss
