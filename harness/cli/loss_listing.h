// How the loss of a model on a text is printed.
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/training/text_loss.h"

namespace isoloss {

// Of a text of so many bytes.
double bits_per_byte(const TextLoss& loss, std::size_t bytes);

// nats per token; null where the text has fewer than two whole rows, which give none.
nlohmann::ordered_json standard_error_json(const TextLoss& loss);

// "3.1415 nats per token (standard error 0.0123), 1.2345 bits per byte", without what there is not.
std::string loss_text(const TextLoss& loss, const std::optional<std::size_t>& bytes);

}  // namespace isoloss
