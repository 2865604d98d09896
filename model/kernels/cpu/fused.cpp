// Which switches the fused blocks know.
#include "model/kernels/cpu/blocks.h"

namespace isoloss {
namespace {

bool branch_is_fused(const ModelSpec& spec) {
  return spec.norm != Norm::None && !spec.rezero && spec.branch_scale == 1 && !spec.token_shift &&
         (spec.norm_placement == NormPlacement::Pre ||
          spec.norm_placement == NormPlacement::Primer);
}

}  // namespace

bool attention_is_fused(const ModelSpec& spec) {
  const bool convolution =
      spec.convolution_width == 0 || (spec.convolution_on == "qkv" && !spec.convolution_shared &&
                                      spec.convolution_place == ConvolutionPlace::AfterProjection &&
                                      kv_head_count(spec) == head_count(spec));
  const bool rotary = spec.positions != Positions::Rotary || spec.shared_qk == SharedQk::No;
  return branch_is_fused(spec) && convolution && rotary && spec.shared_qk != SharedQk::PerHead &&
         spec.key_value_scale == 1 && !spec.attention_tanh;
}

bool feed_forward_is_fused(const ModelSpec& spec) { return branch_is_fused(spec); }

bool output_is_fused(const ModelSpec& spec) {
  return spec.norm != Norm::None && spec.norm_placement != NormPlacement::Post;
}

}  // namespace isoloss
