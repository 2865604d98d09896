#include "harness/oneshot/token_boundary.h"

#include <algorithm>

namespace isoloss {

std::pair<std::string, std::string> moved_blanks(const std::string& context,
                                                 const std::string& continuation) {
  const std::size_t last = context.find_last_not_of(" \t\n\r\f\v");
  const std::size_t kept = last == std::string::npos ? 0 : last + 1;
  return {context.substr(0, kept), context.substr(kept) + continuation};
}

ScoreRequest encoded_request(const Scorer& scorer, const std::string& context,
                             const std::string& continuation) {
  const std::vector<std::int32_t> whole = scorer.encode(context + continuation);
  const std::vector<std::int32_t> alone = scorer.encode(context);
  const auto border = std::mismatch(whole.begin(), whole.end(), alone.begin(), alone.end()).first;
  return {{whole.begin(), border}, {border, whole.end()}};
}

}  // namespace isoloss
