// What transformers puts before every text, by the tokenizer's files of a model's folder.
#pragma once
#include <cstdint>
#include <filesystem>

#include "harness/files/first_id.h"

namespace isoloss {

// As version 5 of transformers loads them: where there is a tokenizer.json, its post-processor
// alone says so (a TemplateProcessing, or one within a Sequence, whose `single` begins with a
// special token), whatever tokenizer_config.json says. Without it add_bos_token of
// tokenizer_config.json, and `adds` where that does not say. `id` is the model's own, which stands
// for what is nothing to read, and for the template's where that names none. InputError: a file
// that is no JSON, or a key of another type.
FirstId hf_first_id(const std::filesystem::path& folder, std::int32_t id, bool adds);

}  // namespace isoloss
