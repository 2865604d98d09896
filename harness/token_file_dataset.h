// A Dataset over a token file, and what the three kinds of source share: the order of training
// windows and the held-out sequences.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/dataset.h"
#include "harness/token_file.h"

namespace isoloss {

// Mean negative log-likelihood in nats per token of rows of `sequence` tokens.
using FloorFunction =
    std::function<double(const std::vector<std::int32_t>& tokens, std::int64_t sequence)>;

// `source` names the data in messages. `floor`, where it is known, is applied to the report part.
// InputError where a part is too short: the training part for one window, a held-out part for the
// sequences asked for and for eight as well.
std::shared_ptr<const Dataset> token_file_dataset(TokenFile file, std::int64_t sequence,
                                                  std::int64_t evaluation_tokens,
                                                  const std::string& source,
                                                  const FloorFunction& floor = {});

}  // namespace isoloss
