// A study's text made into tokens: documents divided, the tokenizer trained on the training part
// where the study asks for one of its own, every part encoded.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/corpus.h"
#include "harness/token_file.h"
#include "sweeps/run_spec.h"

namespace isoloss {

// Identifies the tokens that prepare_text gives: a hash of the documents' content, the share held
// out and the tokenizer. `model` holds the bytes of tokenizer.model_file, where there is one.
std::uint64_t text_source_hash(const std::vector<Document>& documents, const DataSpec& data,
                               const std::string& model);

// Divides and encodes documents (in key order). InputError: a tokenizer that cannot be trained or
// whose size is not the one the study gives.
TokenFileContent prepare_text(const std::vector<Document>& documents, const DataSpec& data,
                              const std::string& model);

}  // namespace isoloss
