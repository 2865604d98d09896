#include "sweeps/model_layers.h"

#include <algorithm>

#include "model/spec/catalogue.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

bool is_model_field(const std::string& field) {
  const auto names = spec_field_names();
  return std::find(names.begin(), names.end(), field) != names.end();
}

// Which layer gave each of the hidden layer's widths; 0: none.
struct WidthLayers {
  int d_ff = 0, d_ff_ratio = 0, d_ff_gated = 0;

  void note(const std::string& field, int layer) {
    if (field == "d_ff") d_ff = layer;
    if (field == "d_ff_ratio") d_ff_ratio = layer;
    if (field == "d_ff_gated") d_ff_gated = layer;
  }
};

// A weaker layer's width goes back to its default, where the stronger one then counts. The widths
// that do not count stay: they are part of a run's identity.
void let_strongest_decide(ModelSpec& model, const WidthLayers& from) {
  if (model.gated && std::max(from.d_ff, from.d_ff_ratio) > from.d_ff_gated) model.d_ff_gated = 0;
  const bool plain_counts = !model.gated || model.d_ff_gated == 0;
  if (plain_counts && from.d_ff_ratio > from.d_ff) model.d_ff = 0;
}

}  // namespace

ModelSpec layered_model(const Study& study, const ArchitectureEntry& architecture,
                        const SizeEntry& size, const std::vector<std::string>& axes) {
  ModelSpec model;
  WidthLayers widths;
  const auto set = [&](const std::string& field, const std::string& text, int layer) {
    set_field(model, field, text);
    widths.note(field, layer);
  };
  for (const auto& [field, text] : study.model) set(field, text, 1);
  model = with_architecture(model, architecture.base);
  if (size.from_catalogue) {
    model = with_size(model, size.name);
    widths.d_ff = widths.d_ff_gated = 2;
  }
  for (const auto& [field, text] : size.overrides) set(field, text, 3);
  for (const auto& [field, text] : architecture.overrides) set(field, text, 4);
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (const std::string& field = study.grid.axes[i].field; is_model_field(field))
      set(field, axes[i], 5);
  let_strongest_decide(model, widths);
  return model;
}

}  // namespace isoloss
