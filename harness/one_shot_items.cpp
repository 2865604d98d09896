#include "harness/one_shot_items.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::uint64_t kSuiteSeed = 1;
constexpr std::size_t kItems = 128;
constexpr std::size_t kFewestItems = 16;
constexpr std::uint64_t kAttempts = 64;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

bool fits(const std::string& text, const EncodeFunction& encode, std::int64_t sequence) {
  return static_cast<std::int64_t>(encode(text).size()) <= sequence;
}

// Plain sentences: a capital, words and commas, a full stop, and a last word of at least two
// small letters.
bool is_plain_sentence(std::string_view sentence) {
  if (sentence.size() < 20 || sentence[0] < 'A' || sentence[0] > 'Z') return false;
  const std::string_view words = sentence.substr(0, sentence.size() - 1);
  for (const char c : words)
    if (!is_letter(c) && c != ' ' && c != ',' && c != ';' && c != '\'' && c != '-') return false;
  if (std::count(words.begin(), words.end(), ' ') < 4) return false;
  const std::string_view last = words.substr(words.rfind(' ') + 1);
  return last.size() >= 2 && std::all_of(last.begin(), last.end(), is_lower);
}

// Sentences of the flattened text that are plain, no longer than `longest` bytes and distinct.
std::vector<std::string> plain_sentences(const std::string& text, std::size_t longest) {
  std::vector<std::string> sentences;
  std::map<std::string, bool, std::less<>> seen;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const bool ends = (text[i] == '.' || text[i] == '!' || text[i] == '?') && text[i + 1] == ' ';
    if (!ends) continue;
    const std::string_view sentence = std::string_view(text).substr(begin, i + 1 - begin);
    begin = i + 2;
    if (text[i] != '.' || sentence.size() > longest || !is_plain_sentence(sentence)) continue;
    if (seen.emplace(sentence, true).second) sentences.emplace_back(sentence);
  }
  return sentences;
}

// Passages: pieces of `length` bytes of plain ASCII that begin at a word, with the space before it.
struct Passages {
  const std::string& text;
  std::vector<std::size_t> begins;

  std::string at(std::size_t index, std::size_t length) const {
    return text.substr(begins[index], length);
  }
};

Passages passages_of(const std::string& text, std::size_t length) {
  Passages passages{text, {}};
  std::vector<std::size_t> odd(text.size() + 1, 0);  // bytes that are not ASCII, counted so far
  for (std::size_t i = 0; i < text.size(); ++i)
    odd[i + 1] = odd[i] + (static_cast<unsigned char>(text[i]) >= 0x80 ? 1 : 0);
  for (std::size_t i = 0; i + length <= text.size(); ++i)
    if (text[i] == ' ' && is_letter(text[i + 1]) && odd[i + length] == odd[i])
      passages.begins.push_back(i);
  return passages;
}

// Draws of one item, each attempt a key of its own.
class Draws {
 public:
  Draws(std::string_view task, std::uint64_t item) : stream_(stream_of(task)), item_(item) {}
  std::size_t below(std::size_t bound) {
    const double uniform = random_uniform(kSuiteSeed, stream_, item_, attempt_++);
    return static_cast<std::size_t>(uniform * static_cast<double>(bound));
  }

 private:
  std::uint64_t stream_, item_, attempt_ = 0;
};

std::optional<std::size_t> draw_shot(Draws& draws, std::size_t item, std::size_t count) {
  if (count < 2) return std::nullopt;
  const std::size_t other = draws.below(count - 1);
  return other < item ? other : other + 1;
}

OneShotTask finished(std::vector<OneShotItem> items, double chance) {
  if (items.size() < kFewestItems) return {};
  return {std::move(items), chance};
}

// Whether two passages of `length` bytes share a byte.
bool overlap(std::size_t a, std::size_t b, std::size_t length) {
  return (a < b ? b - a : a - b) < length;
}

std::optional<OneShotItem> continuation_item(const Passages& passages, std::size_t chosen,
                                             std::uint64_t key, std::size_t context_bytes,
                                             std::size_t answer_bytes) {
  const std::size_t length = context_bytes + answer_bytes;
  // The answer begins at the last word boundary that leaves it answer_bytes within the passage.
  const std::string passage = passages.at(chosen, length);
  const std::size_t cut = passage.rfind(' ', context_bytes);
  if (cut == std::string::npos || cut < context_bytes / 2) return std::nullopt;
  if (!is_letter(passage[cut + 1])) return std::nullopt;  // as the other answers begin
  Draws draws("one-shot/continuation/draws", key);
  std::vector<std::size_t> taken = {passages.begins[chosen]};
  const auto elsewhere = [&]() -> std::optional<std::size_t> {
    for (std::uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
      const std::size_t index = draws.below(passages.begins.size());
      const std::size_t begin = passages.begins[index];
      const auto near = [&](std::size_t other) { return overlap(begin, other, length); };
      if (std::any_of(taken.begin(), taken.end(), near)) continue;
      taken.push_back(begin);
      return index;
    }
    return std::nullopt;
  };
  const auto shot = elsewhere();
  if (!shot) return std::nullopt;
  OneShotItem item;
  item.shot = passages.at(*shot, length).substr(1) + "\n";
  item.context = passage.substr(1, cut - 1);
  for (int distractor = 0; distractor < 3; ++distractor) {
    const auto index = elsewhere();
    if (!index) return std::nullopt;
    item.answers.push_back(passages.at(*index, answer_bytes));
  }
  item.right = draws.below(4);
  item.answers.insert(item.answers.begin() + static_cast<std::ptrdiff_t>(item.right),
                      passage.substr(cut, answer_bytes));
  for (std::size_t i = 0; i < item.answers.size(); ++i)
    if (i != item.right && item.answers[i] == item.answers[item.right]) return std::nullopt;
  return item;
}

}  // namespace

std::string flattened(const std::string& text) {
  std::string flat;
  flat.reserve(text.size());
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!space) flat.push_back(c);
    if (space && !flat.empty() && flat.back() != ' ') flat.push_back(' ');
  }
  return flat;
}

OneShotTask last_word_task(const std::string& text, const EncodeFunction& encode,
                           std::int64_t sequence) {
  // Half the sequence for the shot and its line end, half for the item.
  const std::int64_t half = sequence / 2 - 1;
  std::vector<std::string> sentences;
  for (std::string& sentence : plain_sentences(flattened(text), 240))
    if (fits(sentence, encode, half)) sentences.push_back(std::move(sentence));
  const std::uint64_t stream = stream_of("one-shot/last-word");
  std::vector<OneShotItem> items;
  std::map<std::string, std::size_t> frequency;
  std::size_t most = 0;
  for (std::size_t i = 0; i < sentences.size() && items.size() < kItems; ++i) {
    const std::size_t chosen = random_permutation(kSuiteSeed, stream, i, sentences.size());
    Draws draws("one-shot/last-word/draws", i);
    const auto shot = draw_shot(draws, chosen, sentences.size());
    if (!shot) break;
    const std::string& sentence = sentences[chosen];
    const std::size_t cut = sentence.rfind(' ');
    OneShotItem item{sentences[*shot] + "\n",
                     sentence.substr(0, cut),
                     {sentence.substr(cut, sentence.size() - 1 - cut)},
                     0};
    if (!fits(item.shot + item.context + item.answers[0], encode, sequence)) continue;
    most = std::max(most, ++frequency[item.answers[0]]);
    items.push_back(std::move(item));
  }
  const double count = static_cast<double>(std::max<std::size_t>(1, items.size()));
  return finished(std::move(items), static_cast<double>(most) / count);
}

OneShotTask continuation_task(const std::string& text, const EncodeFunction& encode,
                              std::int64_t sequence, double bytes_per_token) {
  // Bytes are exact; tokens of words vary in length, hence a fifth less, and a check of each item.
  const double room = static_cast<double>(sequence / 2 - 1) * bytes_per_token;
  const double wanted = bytes_per_token == 1 ? room : 0.8 * room;
  const auto length = static_cast<std::size_t>(std::clamp(wanted, 0.0, 480.0));
  if (length < 40) return {};
  const std::size_t answer_bytes = length * 3 / 8;
  const std::string flat = flattened(text);
  const Passages passages = passages_of(flat, length);
  const std::uint64_t stream = stream_of("one-shot/continuation");
  const std::size_t candidates = std::min(passages.begins.size(), 4 * kItems);
  std::vector<OneShotItem> items;
  for (std::size_t i = 0; i < candidates && items.size() < kItems; ++i) {
    const std::size_t chosen = random_permutation(kSuiteSeed, stream, i, passages.begins.size());
    auto item = continuation_item(passages, chosen, i, length - answer_bytes, answer_bytes);
    if (!item) continue;
    const bool all_fit =
        std::all_of(item->answers.begin(), item->answers.end(), [&](const std::string& answer) {
          return fits(item->shot + item->context + answer, encode, sequence);
        });
    if (all_fit) items.push_back(std::move(*item));
  }
  return finished(std::move(items), 0.25);
}

}  // namespace isoloss
