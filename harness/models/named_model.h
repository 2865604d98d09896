// A model as the command line names it: hf:FOLDER, or a run of a study, with the tokenizer and the
// first id that it was trained with.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "harness/data/tokenizer.h"
#include "harness/files/first_id.h"
#include "model/layers/language_model.h"

namespace isoloss {

struct NamedModel {
  LanguageModel model;
  std::unique_ptr<Tokenizer> tokenizer;
  FirstId first;
  TokenizerIdentity identity;
  std::string run;        // id; empty of a folder
  std::int64_t step = 0;  // of the checkpoint; 0 of a folder
  // XXH3-64, 16 hexadecimal digits, of the values of the weights, the model's fields and its first
  // id: the same for every form that the same model is stored in.
  std::string weights;
};

// "hf:FOLDER" (hf_folder.h), else a run (trained_run.h, its newest checkpoint); `warn` is told of
// damaged checkpoints. InputError: no such model, or one whose tokenizer is not there.
NamedModel load_named_model(const std::string& name,
                            const std::function<void(const std::string&)>& warn,
                            const ModelOptions& options = {});

}  // namespace isoloss
