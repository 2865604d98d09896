// Which passage follows: continuation (cut at a word) and next-passage (cut at a sentence).
#include <algorithm>

#include "harness/oneshot/text_pieces.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

// Passages: pieces of `length` bytes of plain ASCII, each beginning with the space before a word.
struct Passages {
  const std::string& text;
  std::size_t length = 0;
  std::vector<std::size_t> begins;

  std::string at(std::size_t index, std::size_t bytes) const {
    return text.substr(begins[index], bytes);
  }
};

Passages passages_of(const std::string& flat, std::size_t length) {
  Passages passages{flat, length, {}};
  const AsciiPieces pieces(flat);
  for (std::size_t i = 0; i + length <= flat.size(); ++i)
    if (flat[i] == ' ' && is_letter(flat[i + 1]) && pieces.is_ascii(i, length))
      passages.begins.push_back(i);
  return passages;
}

// Whether two passages share a byte.
bool overlap(std::size_t a, std::size_t b, std::size_t length) {
  return (a < b ? b - a : a - b) < length;
}

// Passages away from the item's and from each other.
class Elsewhere {
 public:
  Elsewhere(const Passages& passages, std::size_t chosen, Draws& draws)
      : passages_(passages), draws_(draws), taken_{passages.begins[chosen]} {}

  std::optional<std::size_t> next() {
    for (std::uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
      const std::size_t index = draws_.below(passages_.begins.size());
      const std::size_t begin = passages_.begins[index];
      const auto near = [&](std::size_t other) { return overlap(begin, other, passages_.length); };
      if (std::any_of(taken_.begin(), taken_.end(), near)) continue;
      taken_.push_back(begin);
      return index;
    }
    return std::nullopt;
  }

 private:
  const Passages& passages_;
  Draws& draws_;
  std::vector<std::size_t> taken_;
};

std::optional<OneShotItem> continuation_item(const Passages& passages, std::size_t chosen,
                                             std::uint64_t key, std::size_t answer_bytes) {
  const std::size_t context_bytes = passages.length - answer_bytes;
  // The answer begins at the last word boundary that leaves it answer_bytes within the passage.
  const std::string passage = passages.at(chosen, passages.length);
  const std::size_t cut = passage.rfind(' ', context_bytes);
  if (cut == std::string::npos || cut < context_bytes / 2) return std::nullopt;
  if (!is_letter(passage[cut + 1])) return std::nullopt;  // as the other answers begin
  Draws draws("one-shot/continuation/draws", key);
  Elsewhere elsewhere(passages, chosen, draws);
  const auto shot = elsewhere.next();
  if (!shot) return std::nullopt;
  OneShotItem item;
  item.shot = passages.at(*shot, passages.length).substr(1) + "\n";
  item.context = passage.substr(1, cut - 1);
  for (int distractor = 0; distractor < 3; ++distractor) {
    const auto index = elsewhere.next();
    if (!index) return std::nullopt;
    item.answers.push_back(passages.at(*index, answer_bytes));
  }
  place_right_answer(draws, passage.substr(cut, answer_bytes), item);
  for (std::size_t i = 0; i < item.answers.size(); ++i)
    if (i != item.right && item.answers[i] == item.answers[item.right]) return std::nullopt;
  return item;
}

// Passages whose answer part begins at a sentence.
Passages passages_around_sentences(const std::string& flat, std::size_t length,
                                   std::size_t answer_bytes) {
  Passages passages{flat, length, {}};
  const AsciiPieces pieces(flat);
  const std::size_t context_bytes = length - answer_bytes;
  for (const SentencePlace& place : sentence_places(flat)) {
    if (place.begin < context_bytes + 1 || !is_letter(flat[place.begin])) continue;
    const std::size_t begin = place.begin - 1 - context_bytes;
    if (begin + length <= flat.size() && pieces.is_ascii(begin, length))
      passages.begins.push_back(begin);
  }
  return passages;
}

// The text from the first word in `piece`.
std::string from_first_word(const std::string& piece) {
  const std::size_t space = piece.find(' ');
  return space == std::string::npos ? std::string() : piece.substr(space + 1);
}

std::optional<OneShotItem> next_passage_item(const Passages& passages, std::size_t chosen,
                                             std::uint64_t key, std::size_t answer_bytes) {
  const std::size_t context_bytes = passages.length - answer_bytes;
  Draws draws("one-shot/next-passage/draws", key);
  Elsewhere elsewhere(passages, chosen, draws);
  const auto shot = elsewhere.next();
  if (!shot) return std::nullopt;
  OneShotItem item;
  item.shot = from_first_word(passages.at(*shot, passages.length)) + "\n";
  item.context = from_first_word(passages.at(chosen, context_bytes));
  if (item.context.size() < context_bytes / 2) return std::nullopt;
  for (int distractor = 0; distractor < 3; ++distractor) {
    const auto index = elsewhere.next();
    if (!index) return std::nullopt;
    item.answers.push_back(passages.at(*index, passages.length).substr(context_bytes));
  }
  place_right_answer(draws, passages.at(chosen, passages.length).substr(context_bytes), item);
  for (std::size_t i = 0; i < item.answers.size(); ++i)
    if (i != item.right && item.answers[i] == item.answers[item.right]) return std::nullopt;
  return item;
}

template <class MakeItem>
OneShotTask passage_task(const TaskText& source, const Passages& passages, std::string_view stream,
                         const MakeItem& make_item) {
  const std::size_t candidates = std::min(passages.begins.size(), 4 * kMostItems);
  std::vector<OneShotItem> items;
  for (std::size_t i = 0; i < candidates && items.size() < kMostItems; ++i) {
    const std::size_t chosen =
        random_permutation(kSuiteSeed, stream_of(stream), i, passages.begins.size());
    auto item = make_item(chosen, i);
    if (!item || !fits(*item, source)) continue;
    item->place = passages.begins[chosen];
    items.push_back(std::move(*item));
  }
  return finished_task(std::move(items), 0.25);
}

}  // namespace

OneShotTask continuation_task(const TaskText& source) {
  const auto length = passage_bytes(source);
  if (!length) return {};
  const std::string flat = flattened(source.text);
  const Passages passages = passages_of(flat, *length);
  return passage_task(source, passages, "one-shot/continuation",
                      [&](std::size_t chosen, std::uint64_t key) {
                        return continuation_item(passages, chosen, key, *length * 3 / 8);
                      });
}

OneShotTask next_passage_task(const TaskText& source) {
  const auto length = passage_bytes(source);
  if (!length) return {};
  const std::string flat = flattened(source.text);
  const std::size_t answer_bytes = *length * 3 / 8;
  const Passages passages = passages_around_sentences(flat, *length, answer_bytes);
  return passage_task(source, passages, "one-shot/next-passage",
                      [&](std::size_t chosen, std::uint64_t key) {
                        return next_passage_item(passages, chosen, key, answer_bytes);
                      });
}

}  // namespace isoloss
