#include "harness/scoring/model_input.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/spec/error.h"

namespace isoloss {
namespace {

// The first id where it belongs, then the last of `tokens` that fit.
ModelInput fitted(std::span<const std::int32_t> tokens, FirstId first, std::int64_t room,
                  bool cuts_first) {
  ModelInput input;
  if (first.always || tokens.empty()) input.ids.push_back(first.id);
  const std::int64_t too_many = std::ssize(input.ids) + std::ssize(tokens) - room;
  input.truncated_tokens = std::max<std::int64_t>(0, too_many);
  auto cut = static_cast<std::size_t>(input.truncated_tokens);
  if (cuts_first && cut > 0 && !input.ids.empty()) {
    input.ids.clear();
    --cut;
  }
  const auto kept = tokens.subspan(cut);
  input.ids.insert(input.ids.end(), kept.begin(), kept.end());
  return input;
}

}  // namespace

ModelInput score_input(const ScoreRequest& request, FirstId first, std::int64_t longest) {
  const std::int64_t answer = std::ssize(request.continuation);
  if (answer == 0)
    throw InputError(
        "a continuation has no tokens (there is nothing to score); give an answer that is more "
        "than its context");
  if (answer > longest)
    throw InputError(
        fmt::format("a continuation has {} tokens (the model reads {} at once); leave the item out",
                    answer, longest));
  ModelInput input = fitted(request.context, first, longest - (answer - 1), request.cuts_first);
  input.ids.insert(input.ids.end(), request.continuation.begin(), request.continuation.end() - 1);
  return input;
}

ModelInput generation_input(const GenerationRequest& request, FirstId first, std::int64_t longest) {
  if (request.most_tokens < 1 || request.most_tokens >= longest)
    throw InputError(
        fmt::format("{} tokens are wanted (the model reads {} at once, at least one of them before "
                    "what it writes); ask for 1 to {}",
                    request.most_tokens, longest, longest - 1));
  return fitted(request.context, first, longest - request.most_tokens, request.cuts_first);
}

ModelInput prompt_input(std::span<const std::int32_t> prompt, std::int64_t tokens, FirstId first,
                        std::int64_t longest) {
  ModelInput whole = fitted(prompt, first, longest, false);
  if (whole.truncated_tokens == 0) return whole;
  return fitted(prompt, first, longest - std::min(tokens, longest / 2), false);
}

}  // namespace isoloss
