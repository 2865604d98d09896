#include "model/kernels/cpu/graph_nodes.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace isoloss {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

template <typename Pass>
struct PassHolder : torch::CustomClassHolder {
  PassHolder(std::shared_ptr<Pass> of_pass, at::Tensor of_ids, double of_z_loss)
      : pass(std::move(of_pass)), ids(std::move(of_ids)), z_loss(of_z_loss) {}
  std::shared_ptr<Pass> pass;
  at::Tensor ids;  // read or aimed at; undefined between both ends
  double z_loss;
};
template <typename Pass>
using HeldPass = c10::intrusive_ptr<PassHolder<Pass>>;

template <typename Pass>
void keep_pass(AutogradContext* context, const HeldPass<Pass>& pass) {
  context->saved_data["pass"] =
      c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(pass));
}
template <typename Pass>
Pass& kept_pass(AutogradContext* context) {
  return *static_cast<PassHolder<Pass>&>(*context->saved_data["pass"].toCapsule()).pass;
}

struct EmbeddingNode : torch::autograd::Function<EmbeddingNode> {
  static Variable forward(AutogradContext* context, const Variable&,
                          const HeldPass<EmbeddingPass>& held) {
    keep_pass(context, held);
    return held->pass->forward(held->ids.const_data_ptr<std::int64_t>()).detach();
  }
  static variable_list backward(AutogradContext* context, variable_list dy) {
    kept_pass<EmbeddingPass>(context).backward(dy[0].contiguous());
    return {Variable(), Variable()};
  }
};

struct SubLayerNode : torch::autograd::Function<SubLayerNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const HeldPass<SubLayerPass>& held) {
    keep_pass(context, held);
    return held->pass->forward(x).detach();
  }
  static variable_list backward(AutogradContext* context, variable_list dy) {
    kept_pass<SubLayerPass>(context).backward(dy[0]);
    return {dy[0], Variable()};
  }
};

struct LossNode : torch::autograd::Function<LossNode> {
  static Variable forward(AutogradContext* context, const Variable& x,
                          const HeldPass<OutputPass>& held) {
    keep_pass(context, held);
    const double loss = held->pass->loss(x, held->ids.const_data_ptr<std::int64_t>(), held->z_loss);
    return at::scalar_tensor(loss, x.options().dtype(at::kDouble));
  }
  static variable_list backward(AutogradContext* context, variable_list d_loss) {
    return {kept_pass<OutputPass>(context).backward(d_loss[0].item<double>()), Variable()};
  }
};

template <typename Pass>
HeldPass<Pass> held(std::shared_ptr<Pass> pass, const at::Tensor& ids = {}, double z_loss = 0) {
  return c10::make_intrusive<PassHolder<Pass>>(std::move(pass), ids, z_loss);
}

}  // namespace

at::Tensor embedding_node(std::shared_ptr<EmbeddingPass> pass, const Weight& weight,
                          const at::Tensor& ids) {
  return EmbeddingNode::apply(weight.value, held(std::move(pass), ids));
}

at::Tensor sub_layer_node(std::shared_ptr<SubLayerPass> pass, const at::Tensor& x) {
  return SubLayerNode::apply(x, held(std::move(pass)));
}

at::Tensor loss_node(std::shared_ptr<OutputPass> pass, const at::Tensor& x,
                     const at::Tensor& targets, double z_loss) {
  return LossNode::apply(x, held(std::move(pass), targets, z_loss));
}

}  // namespace isoloss
