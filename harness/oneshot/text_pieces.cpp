#include "harness/oneshot/text_pieces.h"

#include <algorithm>

#include "harness/oneshot/datasets/squeezed.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::size_t kFewestItems = 16;

}  // namespace

bool is_small_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_small_letter(c) || (c >= 'A' && c <= 'Z'); }

std::string flattened(const std::string& text) {
  std::string flat = squeezed(text);
  if (!flat.empty() && flat.back() != text.back()) flat.push_back(' ');
  return flat;
}

bool fits(const std::string& text, const TaskText& source) {
  return static_cast<std::int64_t>(source.encode(text).size()) <= source.sequence;
}

bool fits(const OneShotItem& item, const TaskText& source) {
  return std::ranges::all_of(item.answers, [&](const std::string& answer) {
    return fits(item.shot + item.context + answer, source);
  });
}

std::optional<std::size_t> passage_bytes(const TaskText& source) {
  // Bytes are exact; tokens of words vary in length, hence a fifth less, and a check of each item.
  const double room = static_cast<double>(source.sequence / 2 - 1) * source.bytes_per_token;
  const double wanted = source.bytes_per_token == 1 ? room : 0.8 * room;
  const auto length = static_cast<std::size_t>(std::clamp(wanted, 0.0, 480.0));
  if (length < 40) return std::nullopt;
  return length;
}

Draws::Draws(std::string_view task, std::uint64_t item) : stream_(stream_of(task)), item_(item) {}

std::size_t Draws::below(std::size_t bound) {
  const double uniform = random_uniform(kSuiteSeed, stream_, item_, attempt_++);
  return static_cast<std::size_t>(uniform * static_cast<double>(bound));
}

std::optional<std::size_t> draw_other(Draws& draws, std::size_t item, std::size_t count) {
  if (count < 2) return std::nullopt;
  const std::size_t other = draws.below(count - 1);
  return other < item ? other : other + 1;
}

void place_right_answer(Draws& draws, const std::string& right, OneShotItem& item) {
  item.right = draws.below(item.answers.size() + 1);
  item.answers.insert(item.answers.begin() + static_cast<std::ptrdiff_t>(item.right), right);
}

OneShotTask finished_task(std::vector<OneShotItem> items, double chance) {
  if (items.size() < kFewestItems) return {};
  return {std::move(items), chance};
}

bool is_plain_sentence(std::string_view sentence) {
  if (sentence.size() < 20 || sentence[0] < 'A' || sentence[0] > 'Z') return false;
  const std::string_view words = sentence.substr(0, sentence.size() - 1);
  for (const char c : words)
    if (!is_letter(c) && c != ' ' && c != ',' && c != ';' && c != '\'' && c != '-') return false;
  if (std::count(words.begin(), words.end(), ' ') < 4) return false;
  const std::string_view last = words.substr(words.rfind(' ') + 1);
  return last.size() >= 2 && std::all_of(last.begin(), last.end(), is_small_letter);
}

std::vector<SentencePlace> sentence_places(const std::string& flat) {
  std::vector<SentencePlace> places;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < flat.size(); ++i) {
    const bool ends = (flat[i] == '.' || flat[i] == '!' || flat[i] == '?') && flat[i + 1] == ' ';
    if (!ends) continue;
    places.push_back({begin, i + 1 - begin});
    begin = i + 2;
  }
  return places;
}

AsciiPieces::AsciiPieces(const std::string& text) : odd_(text.size() + 1, 0) {
  for (std::size_t i = 0; i < text.size(); ++i)
    odd_[i + 1] = odd_[i] + (static_cast<unsigned char>(text[i]) >= 0x80 ? 1 : 0);
}

}  // namespace isoloss
