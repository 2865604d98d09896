#include "sweeps/rank_reason.h"

#include <fmt/format.h>

#include <algorithm>

#include "sweeps/quantity_text.h"

namespace isoloss {
namespace {

std::string words(const RankLayout& layout) {
  return layout.ranks() == 1 ? "alone"
                             : fmt::format("on {} x {} ranks", layout.tensor, layout.data);
}

std::string not_held(const RankReason& why) {
  const int ranks = std::max(why.ranks.ranks, why.asked.ranks());
  return fmt::format(
      "the largest run takes {} of a rank's {}, and {}: {}", bytes_text(why.as_asked),
      bytes_text(why.ranks.bytes_per_rank),
      ranks <= 1 ? "no other rank shares it"
                 : fmt::format("no number of these {} ranks that divides its heads, "
                               "widths and batch would hold it",
                               ranks),
      why.fits ? fmt::format("set in run: {} (then memory holds them)", *why.fits)
               : "nor would they with run.accumulate and run.recompute; give them more memory, or "
                 "the study more ranks");
}

std::string memory(const RankReason& why) {
  const std::string room = bytes_text(why.ranks.bytes_per_rank);
  return why.as_asked <= why.ranks.bytes_per_rank
             ? fmt::format("the largest run takes {} of a rank's {}", bytes_text(why.as_planned),
                           room)
             : fmt::format("the largest run takes {} {} and {} on each of {} ranks, which have {}",
                           bytes_text(why.as_asked), words(why.asked), bytes_text(why.as_planned),
                           why.planned, room);
}

std::string ends(const RankReason& why) {
  const std::string seconds = seconds_text(why.chosen.predicted);
  if (!why.fewest)
    return fmt::format(
        "the study takes {} so by prediction, and sharing more would not make it end a fiftieth "
        "earlier",
        seconds);
  std::string text =
      fmt::format("the study takes {} so by prediction, and {} with each run {}", seconds,
                  seconds_text(why.fewest->predicted),
                  why.fewest_are_asked ? words(why.asked) : "on the fewest that hold it");
  if (why.fewest->predicted <= why.chosen.predicted)
    text += fmt::format("; where runs take a tenth more or less than predicted, {} and {}",
                        seconds_text(why.chosen.scattered), seconds_text(why.fewest->scattered));
  return text;
}

}  // namespace

std::string text_of(const RankReason& why) {
  if (!why.held) return not_held(why);
  return why.ranks.ranks <= why.asked.ranks() ? memory(why) : memory(why) + "; " + ends(why);
}

}  // namespace isoloss
