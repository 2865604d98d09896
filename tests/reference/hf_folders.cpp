// Folders for transformers to load:
//   hf_folders FOLDER
// writes FOLDER/NAME for every architecture of the catalogue and every value of every switch, each
// an exported model (tokenizer: bytes) with every weight moved, so that ones and zeros hide no
// mix-up.
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "harness/models/hf_folder.h"
#include "tests/model/layers/every_spec.h"

namespace isoloss {
namespace {

void write(const std::filesystem::path& folder, NamedSpec named) {
  named.spec.vocabulary = 256;
  LanguageModel model(named.spec, 11);
  TrainedModel trained{named.spec, {}, "reference", 0, "bytes", ""};
  const auto weights = model.weights32();
  trained.weights.assign(weights.begin(), weights.end());
  for (std::size_t i = 0; i < trained.weights.size(); ++i)
    trained.weights[i] += static_cast<float>(0.1 * std::sin(1 + 0.91 * static_cast<double>(i)));
  export_hf(folder / named.name, trained);
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: hf_folders FOLDER\n");
    return 2;
  }
  for (const auto& named : isoloss::catalogue_specs()) isoloss::write(argv[1], named);
  for (const auto& named : isoloss::switch_specs()) isoloss::write(argv[1], named);
  // Heads that do not divide the width, which the library's own classes refuse.
  for (const char* name : {"gpt2", "llama"})
    isoloss::write(argv[1], isoloss::changed_spec(name, {{"heads", "5"}}));
}
