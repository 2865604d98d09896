#include "harness/oneshot/token_boundary.h"

#include <algorithm>

namespace isoloss {

std::pair<std::string, std::string> moved_blanks(const std::string& context,
                                                 const std::string& continuation) {
  const std::size_t last = context.find_last_not_of(" \t\n\r\f\v");
  const std::size_t kept = last == std::string::npos ? 0 : last + 1;
  return {context.substr(0, kept), context.substr(kept) + continuation};
}

ScoreRequest divided_request(std::span<const std::int32_t> context_alone,
                             std::span<const std::int32_t> both) {
  const auto border =
      std::mismatch(both.begin(), both.end(), context_alone.begin(), context_alone.end()).first;
  return {{both.begin(), border}, {border, both.end()}};
}

ScoreRequest encoded_request(const Scorer& scorer, const std::string& context,
                             const std::string& continuation) {
  return divided_request(scorer.encode(context), scorer.encode(context + continuation));
}

}  // namespace isoloss
