// Pieces of text that one-shot items are cut from, and the counter-keyed draws among them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/oneshot/text_task.h"

namespace isoloss {

inline constexpr std::uint64_t kSuiteSeed = 1;
inline constexpr std::size_t kMostItems = 128;
inline constexpr std::uint64_t kMostAttempts = 64;

bool is_small_letter(char c);
bool is_letter(char c);

// Runs of blanks and line ends become one space, one at the end too where the text ends in some;
// one-shot items are cut from text in this form.
std::string flattened(const std::string& text);

bool fits(const std::string& text, const TaskText& source);
// Whether every shot + context + answer fits.
bool fits(const OneShotItem& item, const TaskText& source);

// Bytes of a passage that half the sequence holds, at most 480; nothing where they are too few for
// an item.
std::optional<std::size_t> passage_bytes(const TaskText& source);

// Draws of one item, each attempt a key of its own.
class Draws {
 public:
  Draws(std::string_view task, std::uint64_t item);
  std::size_t below(std::size_t bound);

 private:
  std::uint64_t stream_, item_, attempt_ = 0;
};

// Another index than `item` below `count`; nothing where there is none.
std::optional<std::size_t> draw_other(Draws& draws, std::size_t item, std::size_t count);

// Puts the right answer at a drawn place among the others. `answers` holds the others alone.
void place_right_answer(Draws& draws, const std::string& right, OneShotItem& item);

// The task, or none where there are fewer than 16 items.
OneShotTask finished_task(std::vector<OneShotItem> items, double chance);

// A capital, words and commas, a full stop, and a last word of at least two small letters.
bool is_plain_sentence(std::string_view sentence);

// Where a sentence begins and how long it is, its full stop included.
struct SentencePlace {
  std::size_t begin = 0;
  std::size_t length = 0;
};

// The sentences of a flattened text, end to end with a space between neighbours.
std::vector<SentencePlace> sentence_places(const std::string& flat);

// Counts of bytes that are not ASCII before each place, so that a piece's can be told at once.
class AsciiPieces {
 public:
  explicit AsciiPieces(const std::string& text);
  bool is_ascii(std::size_t begin, std::size_t length) const {
    return odd_[begin + length] == odd_[begin];
  }

 private:
  std::vector<std::size_t> odd_;
};

}  // namespace isoloss
