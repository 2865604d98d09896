// The weights of a run in a study folder, with what is needed to use them elsewhere.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "harness/models/hf_folder.h"

namespace isoloss {

// `run`: a run's folder (STUDY/runs/ID), STUDY/ID, or STUDY where it holds one run alone. Takes the
// newest checkpoint that is whole; `warn` is told of damaged ones and of a tokenizer that is not
// there any more. InputError: no such run (the nearest is named), or one without a checkpoint.
TrainedModel load_trained_run(const std::filesystem::path& run,
                              const std::function<void(const std::string&)>& warn);

}  // namespace isoloss
