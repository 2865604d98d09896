#include "harness/cli/loss_listing.h"

#include <fmt/format.h>

#include <numbers>

namespace isoloss {

double bits_per_byte(const TextLoss& loss, std::size_t bytes) {
  return loss.loss * static_cast<double>(loss.tokens) / std::numbers::ln2 /
         static_cast<double>(bytes);
}

nlohmann::ordered_json standard_error_json(const TextLoss& loss) {
  if (!loss.standard_error) return nullptr;
  return *loss.standard_error;
}

std::string loss_text(const TextLoss& loss, const std::optional<std::size_t>& bytes) {
  std::string text = fmt::format("{:.4f} nats per token", loss.loss);
  if (loss.standard_error) text += fmt::format(" (standard error {:.4f})", *loss.standard_error);
  if (bytes) text += fmt::format(", {:.4f} bits per byte", bits_per_byte(loss, *bytes));
  return text;
}

}  // namespace isoloss
