#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

#include "harness/files/safetensors.h"
#include "harness/models/hf_folder.h"
#include "harness/models/hf_python.h"
#include "harness/models/hf_tensors.h"
#include "harness/models/model_fields.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

std::map<std::string, std::string> metadata(const TrainedModel& model) {
  return {{"format", "pt"},  // transformers refuses a file without it
          {"spec", model_fields(model.spec).dump()},
          {"run", model.run},
          {"step", std::to_string(model.step)},
          {"tokenizer", model.tokenizer}};
}

std::vector<TensorToWrite> tensors_to_write(const TrainedModel& model, HfClass kind,
                                            const ParameterTable& table) {
  std::vector<TensorToWrite> list;
  for (HfTensor& tensor : hf_tensors(kind, table)) {
    std::vector<std::int64_t> shape = hf_shape(tensor, table);
    list.push_back({tensor.name, std::move(shape),
                    [&model, &table, tensor = std::move(tensor)](std::span<float> values) {
                      visit_elements(tensor, table, [&](std::size_t theirs, std::size_t ours) {
                        values[theirs] = model.weights[ours];
                      });
                    }});
  }
  return list;
}

std::string tokenizer_words(const TrainedModel& model) {
  if (model.tokenizer == "bytes")
    return "A token is a byte of the text: `ids = list(text.encode())`, and back with "
           "`bytes(ids).decode()`.";
  if (!model.tokenizer_model.empty())
    return "`tokenizer.model` is a SentencePiece model: `sentencepiece.SentencePieceProcessor("
           "model_file=\"tokenizer.model\")`. Line ends go round a unigram model that isoloss "
           "trained, as the byte piece `<0x0A>`.";
  return fmt::format(
      "Tokens are those of `{}`; the model was trained on ids, and no tokenizer comes with it.",
      model.tokenizer);
}

std::string readme(const TrainedModel& model) {
  const bool own = hf_class(model.spec) == HfClass::Isoloss;
  return fmt::format(
      R"(# {} of size {}

Trained by isoloss, run {}, {} updates.

```python
import torch
from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained("FOLDER"{})
ids = torch.tensor([[0] + tokens[:-1]])  # the model reads id 0 before the first token
loss = torch.nn.functional.cross_entropy(model(ids).logits[0], torch.tensor(tokens))
more = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8)  # id 0 is no padding
```

At most {} tokens at a time. {}

`isoloss eval --model hf:FOLDER --text FILE` gives the loss on a text.
)",
      model.spec.architecture, model.spec.size, model.run, model.step,
      own ? ", trust_remote_code=True" : "", model.spec.sequence, tokenizer_words(model));
}

}  // namespace

void export_safetensors(const std::filesystem::path& file, const TrainedModel& model) {
  const ParameterTable table = parameter_table(model.spec);
  write_safetensors(file, tensors_to_write(model, HfClass::Isoloss, table), metadata(model));
}

void export_hf(const std::filesystem::path& folder, const TrainedModel& model) {
  const HfClass kind = hf_class(model.spec);
  const ParameterTable table = parameter_table(model.spec);
  // A reader takes a folder with config.json for whole, so an older one goes first.
  std::error_code absent;
  std::filesystem::remove(folder / "config.json", absent);
  write_safetensors(folder / "model.safetensors", tensors_to_write(model, kind, table),
                    metadata(model));
  if (kind == HfClass::Isoloss) {
    write_durably(folder / "configuration_isoloss.py", kConfigurationPython);
    write_durably(folder / "modeling_isoloss.py", kModelingPython);
  }
  if (!model.tokenizer_model.empty())
    write_durably(folder / "tokenizer.model", model.tokenizer_model);
  write_durably(folder / "README.md", readme(model));
  nlohmann::ordered_json config = hf_config_json(model.spec);
  config["isoloss"] = {{"run", model.run},
                       {"step", model.step},
                       {"architecture", model.spec.architecture},
                       {"tokenizer", model.tokenizer}};
  write_durably(folder / "config.json", config.dump(2) + "\n");
}

}  // namespace isoloss
