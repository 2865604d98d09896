#include "model/layers/backward_seams.h"

#include <torch/torch.h>

#include <utility>

namespace isoloss {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

template <typename Call>
void keep(AutogradContext* context, const c10::intrusive_ptr<Call>& call) {
  context->saved_data["call"] =
      c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(call));
}
template <typename Call>
Call& kept(AutogradContext* context) {
  return static_cast<Call&>(*context->saved_data["call"].toCapsule());
}

struct ThenCall : torch::CustomClassHolder {
  explicit ThenCall(std::function<void()> of_then) : then(std::move(of_then)) {}
  std::function<void()> then;
};

// The engine runs what is ready in the reverse of the order in which it was recorded, and sums into
// weights before all else; so when this node runs, everything recorded after it has run.
struct ThenNode : torch::autograd::Function<ThenNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const c10::intrusive_ptr<ThenCall>& call) {
    keep(context, call);
    return x.view_as(x);
  }
  static variable_list backward(AutogradContext* context, variable_list d) {
    kept<ThenCall>(context).then();
    return {d[0], Variable()};
  }
};

struct LayerCall : torch::CustomClassHolder {
  LayerCall(const LayerFunction& of_layer, const at::Tensor& of_x, const Weight& bias,
            const LayerMemory& of_memory)
      : layer(of_layer), x(of_x.detach()), relative_bias(bias), memory(of_memory) {}

  at::Tensor run(const at::Tensor& from, const Weight& bias) {
    memory.workspace.release_to(memory.own);
    return layer(from, bias);
  }

  LayerFunction layer;
  at::Tensor x;
  Weight relative_bias;
  LayerMemory memory;
};

at::Tensor leaf(const at::Tensor& x) { return x.defined() ? x.detach().requires_grad_(true) : x; }

struct LayerNode : torch::autograd::Function<LayerNode> {
  // The relative bias is an argument because every layer reads it: its gradients are summed where
  // they would be without recomputation, in the same order.
  static Variable forward(AutogradContext* context, const Variable&, const Variable&,
                          const c10::intrusive_ptr<LayerCall>& call) {
    keep(context, call);
    at::Tensor y = call->memory.output;
    y.copy_(call->run(call->x, call->relative_bias));
    return y.detach();
  }
  static variable_list backward(AutogradContext* context, variable_list d) {
    LayerCall& call = kept<LayerCall>(context);
    const at::Tensor x = leaf(call.x);
    Weight bias = call.relative_bias;
    bias.value = leaf(bias.value);
    {
      const at::AutoGradMode with_gradients(true);
      const at::Tensor y = call.run(x, bias);
      torch::autograd::backward({y}, {d[0]});
    }
    return {x.grad(), bias.value.defined() ? bias.value.grad() : Variable(), Variable()};
  }
};

}  // namespace

at::Tensor when_backward_reaches(const at::Tensor& x, std::function<void()> then) {
  return ThenNode::apply(x, c10::make_intrusive<ThenCall>(std::move(then)));
}

at::Tensor recomputed(const LayerFunction& layer, const at::Tensor& x, const Weight& relative_bias,
                      const LayerMemory& memory) {
  const at::Tensor& bias = relative_bias.value;
  return LayerNode::apply(x, bias.defined() ? bias : at::empty({0}, x.options()),
                          c10::make_intrusive<LayerCall>(layer, x, relative_bias, memory));
}

}  // namespace isoloss
