// Loss of a model on tokens that are read in rows, as held-out parts are: each row of `length`
// tokens anew, after the id that the model reads first; the last row may be shorter.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "model/layers/language_model.h"

namespace isoloss {

struct TextLoss {
  std::int64_t tokens = 0;
  double loss = 0;                       // nats per token, the mean over all
  std::optional<double> standard_error;  // of the mean, from the spread of two whole rows or more
};

// InputError: no tokens, ids outside the vocabulary, or rows longer than the model's sequence.
TextLoss text_loss(const LanguageModel& model, std::span<const std::int32_t> tokens,
                   std::int64_t length, std::int32_t first_id);

}  // namespace isoloss
