#include "model/kernels/cuda/attention.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "model/kernels/cuda/attention_launch.h"

namespace isoloss {
namespace {

void expect(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("attention on the device needs ") + what);
}

void expect_shape(const CausalShape& shape) {
  expect(shape.d_head > 0 && shape.d_head <= kWidestHead && shape.d_head % 8 == 0,
         "heads as wide as a multiple of 8 up to 128");
  expect(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0, "kv_heads that divide heads");
  expect(shape.scale > 0, "a scale above zero");
}

}  // namespace

template <typename T>
void attention_forward(Stream& stream, const CausalShape& shape, const AttentionInputs<T>& inputs,
                       HeadColumns<T> out, float* kept) {
  expect_shape(shape);
  if constexpr (std::is_same_v<T, Bf16>)
    if (!shape.tanh) return forward_kernel(stream, shape, inputs, out, kept);
  plain_forward_kernel(stream, shape, inputs, out, kept);
}

std::int64_t attention_scratch_floats(const CausalShape& shape, std::int64_t buckets) {
  const std::int64_t blocks = padded_length(shape) / std::min(kPlainQueries, kBf16Queries);
  return attention_kept_floats(shape) + shape.heads * shape.batch * blocks * buckets;
}

template <typename T>
void attention_backward(Stream& stream, const CausalShape& shape, const AttentionInputs<T>& inputs,
                        HeadColumns<const T> out, HeadColumns<const T> d_out, const float* kept,
                        float* scratch, const AttentionGradients<T>& gradients) {
  expect_shape(shape);
  const DistanceBuckets* buckets = gradients.buckets;
  expect((buckets != nullptr) == (inputs.bias_by_distance != nullptr) &&
             (buckets != nullptr) == (gradients.bias != nullptr),
         "all of a bias, its buckets and its gradient, or none");
  expect(buckets == nullptr || (buckets->length == shape.length && buckets->near <= kMostDistances),
         "buckets of as many distances as the shape's, the last of them within 2048");
  const AttentionScratch parts{scratch, scratch + attention_kept_floats(shape)};
  std::int64_t queries = kPlainQueries;
  if constexpr (std::is_same_v<T, Bf16>)
    if (!shape.tanh) queries = kBf16Queries;
  if (queries == kPlainQueries) {
    plain_query_gradient_kernel(stream, shape, inputs, out, d_out, kept, parts, gradients);
    plain_key_gradient_kernel(stream, shape, inputs, d_out, kept, parts, gradients);
  } else if constexpr (std::is_same_v<T, Bf16>) {
    query_gradient_kernel(stream, shape, inputs, out, d_out, kept, parts, gradients);
    key_gradient_kernel(stream, shape, inputs, d_out, kept, parts, gradients);
  }
  if (buckets == nullptr) return;
  add_bias_gradient(stream, shape.heads, shape.batch * ((shape.length + queries - 1) / queries),
                    buckets->buckets, parts.bias_sums, gradients.bias);
}

#define ISOLOSS_ATTENTION(T)                                                                    \
  template void attention_forward<T>(Stream&, const CausalShape&, const AttentionInputs<T>&,    \
                                     HeadColumns<T>, float*);                                   \
  template void attention_backward<T>(Stream&, const CausalShape&, const AttentionInputs<T>&,   \
                                      HeadColumns<const T>, HeadColumns<const T>, const float*, \
                                      float*, const AttentionGradients<T>&);
ISOLOSS_ATTENTION(float)
ISOLOSS_ATTENTION(Bf16)
#undef ISOLOSS_ATTENTION

}  // namespace isoloss
