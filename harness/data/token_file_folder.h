// A folder of prepared tokens, which a study names with `data: {tokens: DIR}`: tokens.bin, a token
// file, and tokens.json, which says what it is (docs/format.md, "tokens.json").
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/data/dataset.h"
#include "harness/data/text_dataset.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Prepares text into `folder` and returns what tokens.json holds. A folder that holds the tokens of
// this source already keeps them, so that a command may be given again. InputError where it holds
// others.
std::string prepare_text_folder(const TextSource& source, const std::filesystem::path& folder,
                                const PreparationProgress& progress = {});

// The same of a synthetic language, with the floor of its whole report part in rows of `sequence`
// tokens.
std::string prepare_synthetic_folder(const SyntheticSpec& spec, double validation,
                                     const std::filesystem::path& folder, std::int64_t sequence);

// Opens a folder prepared so. InputError: no such folder, files missing or damaged,
// tokens.json and tokens.bin that do not belong together.
std::shared_ptr<const Dataset> open_token_folder(const std::filesystem::path& folder,
                                                 std::int64_t sequence,
                                                 std::int64_t evaluation_tokens);

}  // namespace isoloss
