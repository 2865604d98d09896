#include "harness/data/held_out_note.h"

#include <fmt/format.h>

namespace isoloss {

std::string held_out_note(std::int64_t held_out, std::int64_t training, double validation) {
  const double share = static_cast<double>(held_out) / static_cast<double>(held_out + training);
  if (share <= 2 * validation) return "";
  return fmt::format(
      "{} % of the text is held out, where {:g} % is asked for (whole documents are held out); "
      "give more and shorter documents, or one alone, of which the end is held out",
      share < 0.1 ? fmt::format("{:.2g}", 100 * share) : fmt::format("{:.0f}", 100 * share),
      100 * validation);
}

}  // namespace isoloss
