#include "tests/gpu/bench_cases.h"

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "model/cost/step_kernels.h"
#include "model/kernels/cuda/cross_entropy.h"
#include "model/kernels/cuda/embedding.h"
#include "model/kernels/cuda/gradient_norm.h"
#include "tests/gpu/kernel_memory.h"
#include "tests/model/cost/reference_models.h"

namespace isoloss {
namespace {

using simt::Bf16;
using Work = std::function<void()>;

// Rows of logits at once: 0.8 GB of them in bfloat16 for GPT-2's vocabulary.
constexpr std::int64_t kLogitsRows = 8192;

std::int64_t by_eights(std::int64_t n) { return (n + 7) / 8 * 8; }

KernelWork one_launch(const std::vector<KernelWork>& list, const std::string& name) {
  for (KernelWork work : list)
    if (work.name == name) {
      work.launches = 1;
      return work;
    }
  throw std::logic_error("step_kernels() has no '" + name + "'");
}

// The cases of one model with activations of T.
template <typename T>
class ModelCases {
 public:
  ModelCases(const ReferenceModel& model, std::vector<BenchCase>& cases)
      : name_(model.name),
        spec_(model.spec),
        rows_(model.shape.batch_tokens / model.shape.micro_batches),
        list_(step_kernels(spec_, {rows_, 1, kBfloat16})),
        list_of_logits_(step_kernels(spec_, {kLogitsRows, 1, kBfloat16})),
        cases_(cases) {}

  void products() {
    const std::int64_t d = spec_.d_model, w = attention_width(spec_);
    product(list_, "Q, K, V", rows_, d, w + 2 * kv_width(spec_));
    product(list_, "attention's output", rows_, w, d);
    product(list_, "feed-forward in", rows_, d, feed_forward_width(spec_));
    product(list_, "feed-forward out", rows_, feed_forward_width(spec_), d);
    product(list_of_logits_, "output layer", kLogitsRows, d, by_eights(spec_.vocabulary));
  }

  void attention() {
    add(list_, "attention", [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
      auto memory = std::make_shared<AttentionMemory<T>>(stream, spec, rows);
      return [memory, &stream] {
        attention_forward<T>(stream, memory->shape, memory->inputs(), memory->columns(memory->out),
                             memory->kept.data());
      };
    });
    add(list_, "attention, gradients",
        [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
          auto memory = std::make_shared<AttentionMemory<T>>(stream, spec, rows);
          attention_forward<T>(stream, memory->shape, memory->inputs(),
                               memory->columns(memory->out), memory->kept.data());
          return [memory, &stream] { memory->backward(stream); };
        });
  }

  void convolution() {
    add(list_, "convolution", [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
      auto memory = std::make_shared<ConvolutionMemory<T>>(stream, spec, rows);
      return [memory, &stream] {
        device::convolution_forward<T>(stream, memory->shape, memory->x.data(), nullptr,
                                       memory->y.data());
      };
    });
    add(list_, "convolution, gradients",
        [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
          auto memory = std::make_shared<ConvolutionMemory<T>>(stream, spec, rows);
          return [memory, &stream] {
            float* taps = memory->d_taps.data();
            const std::int64_t part = memory->d_taps.size() / 3;
            device::convolution_backward<T>(stream, memory->shape, memory->x.data(), nullptr,
                                            memory->y.data(), memory->dx.data(),
                                            {taps, taps + part, taps + 2 * part}, nullptr,
                                            memory->scratch.data());
          };
        });
  }

  void passes() {
    add(list_, "sum and norm", [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
      auto memory = std::make_shared<NormMemory<T>>(stream, spec, rows);
      return [memory, &stream] { memory->forward(stream); };
    });
    add(list_, "sum and norm, gradient",
        [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
          auto memory = std::make_shared<NormMemory<T>>(stream, spec, rows);
          memory->forward(stream);
          return [memory, &stream] { memory->backward(stream); };
        });
    add(list_, "activation", [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
      auto memory = std::make_shared<ActivationMemory<T>>(stream, spec, rows);
      return [memory, &stream] {
        device::activation_forward<T>(stream, memory->shape, memory->z.data(), memory->bias.data(),
                                      memory->y.data());
      };
    });
    add(list_, "activation, gradient",
        [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
          auto memory = std::make_shared<ActivationMemory<T>>(stream, spec, rows);
          return [memory, &stream] {
            device::activation_backward<T>(stream, memory->shape, memory->z.data(),
                                           memory->bias.data(), memory->y.data(), memory->dz.data(),
                                           memory->d_bias.data(), memory->scratch.data());
          };
        });
    add(list_of_logits_, "cross-entropy", [spec = spec_](Stream& stream, Products&) -> Work {
      const device::LogitsShape shape = {kLogitsRows, spec.vocabulary, by_eights(spec.vocabulary)};
      auto logits = random_array<T>(stream, shape.rows * shape.stride);
      auto targets = some_targets(shape.rows, spec.vocabulary);
      DeviceArray<float> losses(shape.rows);
      return [=, &stream] {
        device::cross_entropy_gradient<T>(stream, shape, logits.data(), targets.data(), 1e-4F, 0,
                                          losses.data());
      };
    });
  }

  // Float32 whatever T is, but for AdamW's copy of the weights.
  void whole_buffers() {
    add(list_, "embedding", [spec = spec_, rows = rows_](Stream& stream, Products&) -> Work {
      const device::EmbeddingShape shape = {rows / spec.sequence, spec.sequence, spec.d_model,
                                            spec.vocabulary};
      auto targets = some_targets(rows, spec.vocabulary);
      auto embedding = random_array<float>(stream, spec.vocabulary * spec.d_model);
      auto positions = random_array<float>(stream, spec.sequence * spec.d_model);
      DeviceArray<float> x(rows * spec.d_model);
      return [=, &stream] {
        device::embedding_forward(stream, shape, targets.data(), embedding.data(), positions.data(),
                                  x.data());
      };
    });
    add(list_, "norm of the gradients", [spec = spec_](Stream& stream, Products&) -> Work {
      auto memory = std::make_shared<UpdateMemory<T>>(stream, spec);
      return [memory, &stream] {
        device::measure_gradients(stream, memory->table, memory->gradients.data(),
                                  memory->scratch.data());
      };
    });
    add(list_, "AdamW", [spec = spec_](Stream& stream, Products&) -> Work {
      auto memory = std::make_shared<UpdateMemory<T>>(stream, spec);
      return [memory, &stream] {
        device::adamw_update(stream, memory->table, {}, memory->input.data(), memory->state.data(),
                             memory->buffers());
      };
    });
  }

 private:
  static constexpr bool kBfloat16 = std::is_same_v<T, Bf16>;

  void add(const std::vector<KernelWork>& list, const std::string& kernel,
           std::function<Work(Stream&, Products&)> prepare) {
    cases_.push_back({name_, kBfloat16, one_launch(list, kernel), std::move(prepare)});
  }

  void add_product(const std::vector<KernelWork>& list, const std::string& kernel,
                   std::function<Work(Stream&, Products&)> prepare) {
    add(list, kernel, std::move(prepare));
    cases_.back().product = true;
  }

  void product(const std::vector<KernelWork>& list, const std::string& kernel, std::int64_t rows,
               std::int64_t in, std::int64_t out) {
    const ProductShape shape = product_shape(rows, in, out);
    add_product(list, kernel, [shape](Stream& stream, Products& products) -> Work {
      auto x = random_array<T>(stream, shape.rows * shape.in);
      auto weight = random_array<T>(stream, shape.out * shape.in);
      DeviceArray<T> y(shape.rows * shape.out);
      return [=, &stream, &products] {
        products.forward<T, T>(stream, shape, x.data(), weight.data(), y.data());
      };
    });
    add_product(list, kernel + ", gradient of the input",
                [shape](Stream& stream, Products& products) -> Work {
                  auto dy = random_array<T>(stream, shape.rows * shape.out);
                  auto weight = random_array<T>(stream, shape.out * shape.in);
                  DeviceArray<T> dx(shape.rows * shape.in);
                  return [=, &stream, &products] {
                    products.input_gradient<T, T>(stream, shape, dy.data(), weight.data(),
                                                  dx.data());
                  };
                });
    add_product(list, kernel + ", gradient of the weights",
                [shape](Stream& stream, Products& products) -> Work {
                  auto dy = random_array<T>(stream, shape.rows * shape.out);
                  auto x = random_array<T>(stream, shape.rows * shape.in);
                  auto dw = random_array<float>(stream, shape.out * shape.in);
                  return [=, &stream, &products] {
                    products.weight_gradient<T>(stream, shape, dy.data(), x.data(), dw.data());
                  };
                });
  }

  const std::string name_;
  const ModelSpec spec_;
  const std::int64_t rows_;
  const std::vector<KernelWork> list_, list_of_logits_;
  std::vector<BenchCase>& cases_;
};

template <typename T>
BenchCase square_product(std::int64_t side) {
  const double n = static_cast<double>(side);
  const bool bfloat16 = std::is_same_v<T, Bf16>;
  const double flops = 2 * n * n * n;
  return {
      "ceiling",
      bfloat16,
      {"product of squares", 1, 3 * n * n * sizeof(T), bfloat16 ? flops : 0, bfloat16 ? 0 : flops},
      [side](Stream& stream, Products& products) -> Work {
        auto x = random_array<T>(stream, side * side);
        auto weight = random_array<T>(stream, side * side);
        DeviceArray<T> y(side * side);
        return [=, &stream, &products] {
          products.forward<T, T>(stream, product_shape(side, side, side), x.data(), weight.data(),
                                 y.data());
        };
      },
      true};
}

}  // namespace

std::vector<BenchCase> ceilings() {
  constexpr std::int64_t kCopied = std::int64_t{1} << 30;
  return {{"ceiling",
           true,
           {"copy", 1, 2.0 * kCopied, 0, 0},
           [](Stream& stream, Products&) -> Work {
             auto from = random_array<float>(stream, kCopied / 4);
             DeviceArray<float> to(kCopied / 4);
             return [=, &stream] { stream.copy(to.data(), from.data(), kCopied); };
           }},
          square_product<Bf16>(8192),
          square_product<float>(4096)};
}

std::vector<BenchCase> kernel_cases() {
  const ReferenceModel gpt2 = reference_model("gpt2 124M"),
                       primer = reference_model("primer-ez of that shape"),
                       large = reference_model("gpt2 1.5B");
  std::vector<BenchCase> cases;
  ModelCases<Bf16> small_cases(gpt2, cases);
  small_cases.products();
  small_cases.attention();
  small_cases.passes();
  small_cases.whole_buffers();
  ModelCases<Bf16> primer_cases(primer, cases);
  primer_cases.convolution();
  primer_cases.passes();
  ModelCases<Bf16> large_cases(large, cases);
  large_cases.products();
  large_cases.attention();
  large_cases.passes();
  large_cases.whole_buffers();
  ModelCases<float> float_cases(gpt2, cases);
  float_cases.products();
  float_cases.attention();
  return cases;
}

}  // namespace isoloss
