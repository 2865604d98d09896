// An attention problem on the device and what the definition says it is: random inputs in columns
// of wider matrices, rounded to the stored type first, and the results of both.
#pragma once
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "model/kernels/cuda/attention.h"
#include "model/spec/model_spec.h"
#include "model/spec/relative_bucket.h"
#include "tests/model/kernels/cuda/attention_reference.h"

namespace isoloss {

struct AttentionCase {
  std::int64_t batch = 1, length = 1, heads = 1, kv_heads = 1, d_head = 64;
  bool runtime_scale = false;
  std::int64_t buckets = 0;  // 0: no bias
  std::int64_t max_distance = 128;
  bool tanh = false;
};

inline constexpr float kUntouched = 1000;  // of columns that no result belongs in

template <typename T>
class AttentionProblem {
 public:
  explicit AttentionProblem(const AttentionCase& of) : case_(of) {
    shape_ = {of.batch,  of.length,
              of.heads,  of.kv_heads,
              of.d_head, of.runtime_scale ? 1 / std::sqrt(static_cast<float>(of.d_head)) : 1.0F,
              of.tanh};
    query_width_ = of.heads * of.d_head;
    key_width_ = of.kv_heads * of.d_head;
    // Logits of about unit size, as where the scale is folded into the weights.
    const double size = of.runtime_scale ? 1 : std::pow(static_cast<double>(of.d_head), -0.25);
    random(in_.query, query_width_, size);
    random(in_.key, key_width_, size);
    random(in_.value, key_width_, 1);
    random(d_out_, query_width_, 1);
    if (of.buckets > 0) random_bias();
    expected_ = reference_attention(
        {size_of(of.batch), size_of(of.length), size_of(of.heads), size_of(of.kv_heads),
         size_of(of.d_head), static_cast<double>(shape_.scale), of.tanh},
        in_, d_out_);
  }

  const ReferenceAttention& expected() const { return expected_; }

  // Forward and backward; the bias gradient is added to one of ones, which are taken off again.
  ReferenceAttention computed() const {
    const std::int64_t stride = query_width_ + 2 * key_width_ + 8;
    const std::int64_t rows = case_.batch * case_.length;
    std::vector<T> inputs(size_of(rows * stride), simt::rounded<T>(kUntouched));
    put(inputs, stride, 0, in_.query, query_width_);
    put(inputs, stride, query_width_, in_.key, key_width_);
    put(inputs, stride, query_width_ + key_width_, in_.value, key_width_);
    std::vector<T> d_out(size_of(rows * query_width_));
    put(d_out, query_width_, 0, d_out_, query_width_);
    const DeviceArray<T> on_device = to_device<T>(inputs), d_out_on_device = to_device<T>(d_out);
    const DeviceArray<T> gradient =
        to_device<T>(std::vector<T>(inputs.size(), simt::rounded<T>(kUntouched)));
    const DeviceArray<T> out(rows * query_width_);
    const DeviceArray<float> kept(attention_kept_floats(shape_));
    const DeviceArray<float> scratch(attention_scratch_floats(shape_, case_.buckets));
    const DeviceArray<float> d_bias =
        to_device<float>(std::vector<float>(size_of(case_.heads * case_.buckets), 1.0F));
    const DeviceArray<float> by_distance(case_.heads * bias_row(case_.length));
    Stream stream;
    const auto columns = [&](auto* data, std::int64_t first) {
      return HeadColumns{data + first, stride};
    };
    const T* from = on_device.data();
    AttentionInputs<T> in{columns(from, 0), columns(from, query_width_),
                          columns(from, query_width_ + key_width_), nullptr};
    AttentionGradients<T> to{columns(gradient.data(), 0), columns(gradient.data(), query_width_),
                             columns(gradient.data(), query_width_ + key_width_), nullptr, nullptr};
    DistanceBuckets buckets;
    DeviceArray<float> bias;
    if (case_.buckets > 0) {
      ModelSpec spec;
      spec.relative_buckets = case_.buckets;
      spec.relative_max_distance = case_.max_distance;
      buckets = distance_buckets(spec, case_.length);
      bias = to_device<float>(bias_);
      spread_bias(stream, buckets, case_.heads, bias.data(), by_distance.data());
      in.bias_by_distance = by_distance.data();
      to.buckets = &buckets;
      to.bias = d_bias.data();
    }
    attention_forward<T>(stream, shape_, in, {out.data(), query_width_}, kept.data());
    attention_backward<T>(stream, shape_, in, {out.data(), query_width_},
                          {d_out_on_device.data(), query_width_}, kept.data(), scratch.data(), to);
    stream.synchronize();
    const std::vector<T> result = to_host(gradient);
    untouched_ = true;
    for (std::size_t i = 0; i < result.size(); ++i)
      if (i % size_of(stride) >= size_of(stride - 8) && simt::to_float(result[i]) != kUntouched)
        untouched_ = false;
    ReferenceAttention found;
    found.out = get(to_host(out), query_width_, 0, query_width_);
    found.d_query = get(result, stride, 0, query_width_);
    found.d_key = get(result, stride, query_width_, key_width_);
    found.d_value = get(result, stride, query_width_ + key_width_, key_width_);
    for (const float x : to_host(d_bias)) found.d_bias.push_back(static_cast<double>(x) - 1);
    return found;
  }

  // Whether the last computed() wrote nothing beside the columns of the results.
  bool untouched() const { return untouched_; }

 private:
  static std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

  void random(std::vector<double>& x, std::int64_t width, double size) {
    std::normal_distribution<float> normal(0, static_cast<float>(size));
    x.resize(size_of(case_.batch * case_.length * width));
    for (double& value : x)
      value = static_cast<double>(simt::to_float(simt::rounded<T>(normal(random_))));
  }

  void random_bias() {
    std::normal_distribution<float> normal;
    bias_.resize(size_of(case_.heads * case_.buckets));
    for (float& x : bias_) x = normal(random_);
    in_.buckets = size_of(case_.buckets);
    for (std::int64_t n = 0; n < case_.length; ++n)
      in_.bucket_of_distance.push_back(
          size_of(relative_bucket(n, case_.buckets, case_.max_distance)));
    for (std::size_t h = 0; h < size_of(case_.heads); ++h)
      for (const std::size_t bucket : in_.bucket_of_distance)
        in_.bias.push_back(static_cast<double>(bias_[h * in_.buckets + bucket]));
  }

  // Columns `first` ... of a matrix with `stride` columns.
  static void put(std::vector<T>& to, std::int64_t stride, std::int64_t first,
                  const std::vector<double>& from, std::int64_t width) {
    for (std::size_t i = 0; i < from.size(); ++i)
      to[i / size_of(width) * size_of(stride) + size_of(first) + i % size_of(width)] =
          simt::rounded<T>(static_cast<float>(from[i]));
  }
  std::vector<double> get(const std::vector<T>& from, std::int64_t stride, std::int64_t first,
                          std::int64_t width) const {
    std::vector<double> to(size_of(case_.batch * case_.length * width));
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<double>(simt::to_float(
          from[i / size_of(width) * size_of(stride) + size_of(first) + i % size_of(width)]));
    return to;
  }

  AttentionCase case_;
  CausalShape shape_;
  std::int64_t query_width_ = 0, key_width_ = 0;
  std::mt19937 random_{7};
  ReferenceInputs in_;
  std::vector<double> d_out_;
  std::vector<float> bias_;
  ReferenceAttention expected_;
  mutable bool untouched_ = false;
};

// ||found - expected|| / ||expected||.
inline double relative_error(const std::vector<double>& found,
                             const std::vector<double>& expected) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return std::sqrt(difference / size);
}

}  // namespace isoloss
