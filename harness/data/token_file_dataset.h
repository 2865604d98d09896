// A Dataset over a token file, and what the three kinds of source share: the order of training
// windows and the held-out sequences.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "harness/data/dataset.h"
#include "harness/data/synthetic.h"
#include "harness/data/token_file.h"

namespace isoloss {

// `source` names the data in messages. `language`, where the tokens are of one, gives the floor of
// the report part.
// InputError where a part is too short: the training part for one window, a held-out part for the
// sequences asked for and for eight as well.
std::shared_ptr<const Dataset> token_file_dataset(
    TokenFile file, std::int64_t sequence, std::int64_t evaluation_tokens,
    const std::string& source, std::shared_ptr<const SyntheticLanguage> language = nullptr);

}  // namespace isoloss
