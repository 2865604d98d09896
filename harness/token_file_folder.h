// A folder of prepared tokens, which a study names with `data: {tokens: DIR}`: tokens.bin, a token
// file, and tokens.json, which says what it is:
// {"format","vocabulary","tokenizer","tokenizer_hash",
// "hash","validation","documents","training_tokens","selection_tokens","report_tokens"} and, of a
// synthetic language, {"synthetic","floor","floor_sequence"}. "hash" is the token file's checksum.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "harness/dataset.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Prepares text or a synthetic language into `folder` and returns what tokens.json holds. The floor
// of a language is that of its whole report part in rows of `sequence` tokens. A folder that holds
// the same tokens already stays as it is. InputError where it holds others.
std::string prepare_tokens(const DataSpec& data, const std::filesystem::path& folder,
                           std::int64_t sequence);

// Opens a folder that prepare_tokens wrote. InputError: no such folder, files missing or damaged,
// tokens.json and tokens.bin that do not belong together.
std::shared_ptr<const Dataset> open_token_folder(const std::filesystem::path& folder,
                                                 std::int64_t sequence,
                                                 std::int64_t evaluation_tokens);

}  // namespace isoloss
