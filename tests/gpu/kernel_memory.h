// What kernels are timed on: their operands and results in the device's memory, with values that
// are random but for what a kernel itself writes first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "model/kernels/cuda/activation.h"
#include "model/kernels/cuda/adamw.h"
#include "model/kernels/cuda/attention.h"
#include "model/kernels/cuda/depthwise_convolution.h"
#include "model/kernels/cuda/norm.h"
#include "model/spec/parameters.h"
#include "tests/gpu/random_fill.h"

namespace isoloss {

template <typename T>
struct AttentionMemory {
  AttentionMemory(Stream& stream, const ModelSpec& spec, std::int64_t rows)
      : shape{rows / spec.sequence, spec.sequence, head_count(spec),
              kv_head_count(spec),  spec.d_head,   1.0F / 8},
        width(attention_width(spec)),
        projected(width + 2 * kv_width(spec)),
        qkv(random_array<T>(stream, rows * projected)),
        d_qkv(rows * projected),
        out(rows * width),
        d_out(random_array<T>(stream, rows * width)),
        kept(attention_kept_floats(shape)),
        scratch(attention_scratch_floats(shape, 0)) {}

  AttentionInputs<T> inputs() const {
    const T* first = qkv.data();
    return {{first, projected},
            {first + width, projected},
            {first + (width + projected) / 2, projected},
            nullptr};
  }
  HeadColumns<T> columns(const DeviceArray<T>& array) const { return {array.data(), width}; }
  void backward(Stream& stream) const {
    T* first = d_qkv.data();
    attention_backward<T>(stream, shape, inputs(), {out.data(), width}, {d_out.data(), width},
                          kept.data(), scratch.data(),
                          {{first, projected},
                           {first + width, projected},
                           {first + (width + projected) / 2, projected},
                           nullptr,
                           nullptr});
  }

  CausalShape shape;
  std::int64_t width, projected;
  DeviceArray<T> qkv, d_qkv, out, d_out;
  DeviceArray<float> kept, scratch;
};

template <typename T>
struct ConvolutionMemory {
  ConvolutionMemory(Stream& stream, const ModelSpec& spec, std::int64_t rows)
      : taps(random_array<float>(
            stream, spec.convolution_width * (attention_width(spec) + 2 * kv_width(spec)))),
        d_taps(taps.size()),
        shape{rows / spec.sequence, spec.sequence, spec.convolution_width, {}},
        x(random_array<T>(stream, rows * taps.size() / spec.convolution_width)),
        y(random_array<T>(stream, x.size())),
        dx(x.size()) {
    const std::int64_t width = attention_width(spec);  // of each part: kv_heads is heads here
    for (std::size_t i = 0; i < 3; ++i)
      shape.parts[i] = {width,
                        taps.data() + static_cast<std::int64_t>(i) * spec.convolution_width * width,
                        width, 1};
    scratch = DeviceArray<float>(device::convolution_scratch(shape));
    stream.zero(d_taps.data(), static_cast<std::size_t>(d_taps.size()) * sizeof(float));
  }

  DeviceArray<float> taps, d_taps, scratch;
  device::ConvolutionShape shape;
  DeviceArray<T> x, y, dx;
};

template <typename T>
struct NormMemory {
  NormMemory(Stream& stream, const ModelSpec& spec, std::int64_t rows)
      : shape{rows, spec.d_model, spec.norm != Norm::Rms, static_cast<float>(spec.norm_epsilon)},
        x(random_array<float>(stream, rows * spec.d_model)),
        sum(rows * spec.d_model),
        above(random_array<float>(stream, rows * spec.d_model)),
        weights(random_array<float>(stream, 3 * spec.d_model)),
        gradients(3 * spec.d_model),
        statistics(2 * rows),
        scratch(device::norm_scratch(shape)),
        branch(random_array<T>(stream, rows * spec.d_model)),
        y(random_array<T>(stream, rows * spec.d_model)) {
    stream.zero(gradients.data(), static_cast<std::size_t>(gradients.size()) * sizeof(float));
  }
  void forward(Stream& stream) const {
    device::norm_forward<float, T, T>(stream, shape, x.data(), branch_added(), sum.data(), scales(),
                                      y.data(), kept());
  }
  void backward(Stream& stream) const {
    float* first = gradients.data();
    device::norm_backward<float, T, T>(
        stream, shape, sum.data(), scales(), kept(), y.data(), above.data(), above.data(),
        {first, shape.centred ? first + shape.width : nullptr}, branch_added(),
        {branch.data(), first + 2 * shape.width, nullptr}, scratch.data());
  }
  device::Branch<T> branch_added() const {
    return {branch.data(), weights.data() + 2 * shape.width, nullptr, 1};
  }
  device::NormWeights scales() const {
    return {weights.data(), shape.centred ? weights.data() + shape.width : nullptr};
  }
  device::NormStatistics kept() const {
    return {shape.centred ? statistics.data() : nullptr, statistics.data() + shape.rows};
  }

  device::NormShape shape;
  DeviceArray<float> x, sum, above, weights, gradients, statistics, scratch;
  DeviceArray<T> branch, y;
};

template <typename T>
struct ActivationMemory {
  ActivationMemory(Stream& stream, const ModelSpec& spec, std::int64_t rows)
      : shape{spec.activation, spec.gated, rows, feed_forward_width(spec)},
        z(random_array<T>(stream, rows * shape.width * (spec.gated ? 2 : 1))),
        dz(z.size()),
        y(random_array<T>(stream, rows * shape.width)),
        bias(random_array<float>(stream, z.size() / rows)),
        d_bias(random_array<float>(stream, z.size() / rows)),
        scratch(device::activation_scratch(shape)) {}

  device::ActivationShape shape;
  DeviceArray<T> z, dz, y;
  DeviceArray<float> bias, d_bias, scratch;
};

template <typename T>
struct UpdateMemory {
  UpdateMemory(Stream& stream, const ModelSpec& spec)
      : parameters(parameter_table(spec)),
        table(device::update_table(parameters, -1)),
        weights(random_array<float>(stream, parameters.buffer_size)),
        gradients(random_array<float>(stream, parameters.buffer_size)),
        first(table.moments),
        second(table.moments),
        rounded(parameters.buffer_size),
        scratch(table.scratch),
        input(to_device<device::UpdateInput>(std::vector<device::UpdateInput>{{1e-4, 1}})),
        state(to_device<device::UpdateState>(
            std::vector<device::UpdateState>{{.gradient_norm = 1, .loss = 1, .finite = 1}})) {
    for (const auto* moments : {&first, &second})
      stream.zero(moments->data(), static_cast<std::size_t>(moments->size()) * sizeof(float));
  }
  device::AdamWBuffers buffers() const {
    return {gradients.data(), weights.data(), first.data(), second.data(),
            std::is_same_v<T, simt::Bf16> ? rounded.data() : nullptr};
  }

  ParameterTable parameters;
  device::UpdateTable table;
  DeviceArray<float> weights, gradients, first, second;
  DeviceArray<simt::Bf16> rounded;
  DeviceArray<float> scratch;
  DeviceArray<device::UpdateInput> input;
  DeviceArray<device::UpdateState> state;
};

// Every id about as often as any other, neighbours far apart.
inline DeviceArray<std::int32_t> some_targets(std::int64_t rows, std::int64_t vocabulary) {
  std::vector<std::int32_t> targets(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i] = static_cast<std::int32_t>(i * 7919 % static_cast<std::size_t>(vocabulary));
  return to_device<std::int32_t>(targets);
}

}  // namespace isoloss
