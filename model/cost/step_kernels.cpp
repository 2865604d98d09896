#include "model/cost/step_kernels.h"

#include <algorithm>

#include "model/cost/quantities.h"
#include "model/spec/parameters.h"

namespace isoloss {
namespace {

class StepKernels {
 public:
  StepKernels(const ModelSpec& spec, const OneGpuStep& step)
      : spec_(spec),
        bfloat16_(step.bfloat16),
        stored_(step.bfloat16 ? 2 : kFloat),
        rows_(real(step.batch_tokens) / real(step.micro_batches)),
        parts_(real(step.micro_batches)),
        layers_(real(spec.layers) * parts_),
        d_(real(spec.d_model)),
        query_(real(attention_width(spec))),
        projected_(query_ + 2 * real(kv_width(spec))),
        hidden_(real(feed_forward_width(spec))),
        before_(spec.gated ? 2 * hidden_ : hidden_),
        parameters_(real(parameter_table(spec).buffer_size)) {}

  std::vector<KernelWork> list() {
    pass("embedding", parts_,
         rows_ * d_ * (spec_.positions == Positions::Learned ? 3 : 2) * kFloat);
    norms();
    sublayers();
    const double vocabulary = real(spec_.vocabulary);
    product("output layer", parts_, d_, vocabulary);
    pass("cross-entropy", parts_, 2 * stored_ * rows_ * vocabulary);
    pass("embedding's gradient", parts_, kFloat * d_ * (rows_ + 2 * std::min(rows_, vocabulary)));
    optimizer();
    return std::move(list_);
  }

 private:
  void add(std::string name, double launches, double bytes, double products) {
    if (launches > 0)
      list_.push_back(
          {std::move(name), launches, bytes, bfloat16_ ? products : 0, bfloat16_ ? 0 : products});
  }
  void pass(std::string name, double launches, double bytes) {
    add(std::move(name), launches, bytes, 0);
  }

  // y = x W^T and its two gradients; the gradient of W is added to what is there. x has `width`
  // channels, of which each of y's reads `in`.
  void product(const std::string& name, double launches, double in, double out, double width) {
    const double flops = 2 * rows_ * in * out;
    const double operands = stored_ * (rows_ * width + in * out + rows_ * out);
    const double weights = stored_ * rows_ * (width + out) + 2 * kFloat * in * out;
    add(name, launches, operands, flops);
    add(name + ", gradient of the input", launches, operands, flops);
    add(name + ", gradient of the weights", launches, weights, flops);
  }

  void product(const std::string& name, double launches, double in, double out) {
    product(name, launches, in, out, in);
  }

  // A norm alone reads the stream and writes what products read, back it reads that gradient, the
  // stream and its gradient. With the sum before it, the branch comes in and the stream goes out,
  // and back the branch's gradient goes out.
  void norms() {
    const double alone = rows_ * ((kFloat + stored_) * d_ + 2 * kFloat);
    const double back = rows_ * ((3 * kFloat + stored_) * d_ + 2 * kFloat);
    const double sum = rows_ * d_ * (kFloat + stored_);
    if (spec_.norm_placement == NormPlacement::Pre && spec_.norm != Norm::None) {
      pass("norm", parts_, alone);
      pass("norm, gradient", parts_, back);
      pass("sum and norm", 2 * layers_, alone + sum);
      pass("sum and norm, gradient", 2 * layers_, back + stored_ * rows_ * d_);
      return;
    }
    const double each = spec_.norm_placement == NormPlacement::Both ? 4 : 2;
    const double last = spec_.norm_placement == NormPlacement::Post ? 0 : parts_;
    const double launches = spec_.norm == Norm::None ? 0 : each * layers_ + last;
    pass("norm", launches, alone);
    pass("norm, gradient", launches, back);
    pass("sum", 2 * layers_, sum + kFloat * rows_ * d_);
    pass("sum, gradient", 2 * layers_, sum);
  }

  void sublayers() {
    const bool shared = spec_.shared_qk != SharedQk::No;
    product("Q, K, V", layers_, d_, shared ? projected_ - query_ : projected_);
    if (spec_.shared_qk == SharedQk::Full) product("Q of K", layers_, query_, query_);
    if (spec_.shared_qk == SharedQk::PerHead)
      product("Q of K, by heads", layers_, real(spec_.d_head), query_, query_);
    double convolved = 0;
    for (const char part : {'q', 'k', 'v'})
      if (has_convolution(spec_, part)) convolved += part == 'q' ? query_ : real(kv_width(spec_));
    if (convolved > 0) {
      pass("convolution", layers_, 2 * stored_ * rows_ * convolved);
      pass("convolution, gradients", layers_, 3 * stored_ * rows_ * convolved);
    }
    if (spec_.positions == Positions::Rotary)
      pass("rotation", 2 * layers_, 2 * stored_ * rows_ * (query_ + real(kv_width(spec_))));
    attention();
    product("attention's output", layers_, query_, d_);
    product("feed-forward in", layers_, d_, before_);
    pass("activation", layers_, stored_ * rows_ * (before_ + hidden_));
    pass("activation, gradient", layers_, stored_ * rows_ * (2 * before_ + hidden_));
    product("feed-forward out", layers_, hidden_, d_);
    if (spec_.attention_bias) pass("gradients of biases", layers_, stored_ * rows_ * projected_);
  }

  void attention() {
    const double half = 2 * rows_ * real(spec_.sequence) / 2 * query_;  // of one T x T product
    const double kept = kFloat * rows_ * real(head_count(spec_));
    add("attention", layers_, stored_ * rows_ * (projected_ + query_) + kept, 2 * half);
    add("attention, gradients", layers_, stored_ * rows_ * (2 * projected_ + 2 * query_) + kept,
        5 * half);
  }

  // With the bfloat16 copy of the weights in the same pass.
  void optimizer() {
    pass("gradients to zero", 1, kFloat * parameters_);
    pass("norm of the gradients", 1, kFloat * parameters_);
    pass("AdamW", 1, (7 * kFloat + (bfloat16_ ? 2 : 0)) * parameters_);
  }

  const ModelSpec& spec_;
  const bool bfloat16_;
  const double stored_, rows_, parts_, layers_, d_, query_, projected_, hidden_, before_,
      parameters_;
  std::vector<KernelWork> list_;
};

}  // namespace

std::vector<KernelWork> step_kernels(const ModelSpec& spec, const OneGpuStep& step) {
  return StepKernels(spec, step).list();
}

}  // namespace isoloss
