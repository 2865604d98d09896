// Causal attention and its gradients written out in double precision, from the definition of the
// softmax and its derivative, dS = P (dP - sum P dP), and of tanh(P), dP = (1 - tanh(P)^2) dtanh.
// Arrays are [batch, length, heads, d_head]; query head h reads K and V of head h / (heads /
// kv_heads).
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace isoloss {

struct ReferenceShape {
  std::size_t batch, length, heads, kv_heads, d_head;
  double scale;
  bool tanh;  // of the weights
};

struct ReferenceInputs {
  std::vector<double> query, key, value;
  std::vector<double> bias;                     // [heads, length] by distance, or empty
  std::vector<std::size_t> bucket_of_distance;  // of the bias's gradient
  std::size_t buckets = 0;
};

struct ReferenceAttention {
  std::vector<double> out, d_query, d_key, d_value;
  std::vector<double> d_bias;  // [heads, buckets]
};

inline ReferenceAttention reference_attention(const ReferenceShape& shape,
                                              const ReferenceInputs& in,
                                              const std::vector<double>& d_out) {
  const std::size_t d = shape.d_head, length = shape.length;
  ReferenceAttention result{
      std::vector<double>(in.query.size()), std::vector<double>(in.query.size()),
      std::vector<double>(in.key.size()), std::vector<double>(in.value.size()),
      std::vector<double>(shape.heads * in.buckets)};
  const auto dot = [d](const double* x, const double* y) {
    double sum = 0;
    for (std::size_t c = 0; c < d; ++c) sum += x[c] * y[c];
    return sum;
  };
  const auto add = [d](double* x, double factor, const double* y) {
    for (std::size_t c = 0; c < d; ++c) x[c] += factor * y[c];
  };
  for (std::size_t b = 0; b < shape.batch; ++b)
    for (std::size_t h = 0; h < shape.heads; ++h)
      for (std::size_t q = 0; q < length; ++q) {
        const std::size_t row = ((b * length + q) * shape.heads + h) * d;
        const auto other = [&](std::size_t k) {
          return ((b * length + k) * shape.kv_heads + h / (shape.heads / shape.kv_heads)) * d;
        };
        std::vector<double> weight(q + 1), d_weight(q + 1);
        double total = 0, mean = 0;
        for (std::size_t k = 0; k <= q; ++k) {
          weight[k] = std::exp(shape.scale * dot(&in.query[row], &in.key[other(k)]) +
                               (in.bias.empty() ? 0.0 : in.bias[h * length + q - k]));
          total += weight[k];
        }
        for (std::size_t k = 0; k <= q; ++k) {
          weight[k] /= total;
          const double taken = shape.tanh ? std::tanh(weight[k]) : weight[k];
          d_weight[k] = dot(&d_out[row], &in.value[other(k)]);
          if (shape.tanh) d_weight[k] *= 1 - taken * taken;
          mean += weight[k] * d_weight[k];
          add(&result.out[row], taken, &in.value[other(k)]);
          add(&result.d_value[other(k)], taken, &d_out[row]);
        }
        for (std::size_t k = 0; k <= q; ++k) {
          const double d_logit = weight[k] * (d_weight[k] - mean);
          add(&result.d_query[row], shape.scale * d_logit, &in.key[other(k)]);
          add(&result.d_key[other(k)], shape.scale * d_logit, &in.query[row]);
          if (!in.bias.empty())
            result.d_bias[h * in.buckets + in.bucket_of_distance[q - k]] += d_logit;
        }
      }
  return result;
}

}  // namespace isoloss
