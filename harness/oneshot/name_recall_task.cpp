#include <algorithm>

#include "harness/oneshot/text_pieces.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::size_t kNearest = 20;  // bytes between the two places of a name, at least

struct NamePlace {
  std::size_t begin = 0;
  std::string name;
};

// Words with a capital that do not begin a sentence: a small letter or a comma and a space before.
std::vector<NamePlace> name_places(const std::string& flat) {
  std::vector<NamePlace> places;
  for (std::size_t i = 2; i < flat.size(); ++i) {
    if (!is_letter(flat[i]) || is_small_letter(flat[i]) || flat[i - 1] != ' ') continue;
    if (!is_small_letter(flat[i - 2]) && flat[i - 2] != ',') continue;
    std::size_t end = i + 1;
    while (end < flat.size() && is_small_letter(flat[end])) ++end;
    const bool whole = end == flat.size() || !is_letter(flat[end]);
    if (whole && end - i >= 3 && end - i <= 16) places.push_back({i, flat.substr(i, end - i)});
  }
  return places;
}

// How often `name` stands in `text` as a word, and where first.
struct Occurrences {
  int count = 0;
  std::size_t first = std::string::npos;
};

Occurrences occurrences(const std::string& text, const std::string& name) {
  Occurrences found;
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_letter(text[at - 1]);
    const std::size_t end = at + name.size();
    if (!begins || (end < text.size() && is_letter(text[end]))) continue;
    if (found.count++ == 0) found.first = at;
  }
  return found;
}

// The text before a name where the name stands in it once; nothing where it does not.
std::optional<std::string> recall_context(const std::string& flat, const AsciiPieces& pieces,
                                          const NamePlace& place, std::size_t bytes) {
  if (place.begin < bytes + 1) return std::nullopt;
  const std::size_t begin = place.begin - 1 - bytes;
  if (!pieces.is_ascii(begin, bytes)) return std::nullopt;
  const std::string window = flat.substr(begin, bytes);
  const std::size_t space = window.find(' ');
  if (space == std::string::npos) return std::nullopt;
  std::string context = window.substr(space + 1);
  const Occurrences found = occurrences(context, place.name);
  if (found.count != 1 || context.size() - found.first < place.name.size() + kNearest)
    return std::nullopt;
  return context;
}

struct RecallPassage {
  NamePlace place;
  std::string context;
};

// Three other names that do not stand in the passage; fewer where none are found.
std::vector<std::string> other_names(Draws& draws, const std::vector<NamePlace>& places,
                                     const RecallPassage& passage) {
  std::vector<std::string> names;
  for (std::uint64_t attempt = 0; attempt < kMostAttempts && names.size() < 3; ++attempt) {
    const std::string& name = places[draws.below(places.size())].name;
    const std::string answer = " " + name;
    if (name == passage.place.name || occurrences(passage.context, name).count > 0) continue;
    if (std::find(names.begin(), names.end(), answer) == names.end()) names.push_back(answer);
  }
  return names;
}

}  // namespace

OneShotTask name_recall_task(const TaskText& source) {
  const auto length = passage_bytes(source);
  if (!length) return {};
  const std::string flat = flattened(source.text);
  const AsciiPieces pieces(flat);
  const std::vector<NamePlace> places = name_places(flat);
  std::vector<RecallPassage> passages;
  for (const NamePlace& place : places)
    // 17 bytes of the passage are kept for the name.
    if (auto context = recall_context(flat, pieces, place, *length - 17))
      passages.push_back({place, std::move(*context)});
  const std::uint64_t stream = stream_of("one-shot/name-recall");
  std::vector<OneShotItem> items;
  for (std::size_t i = 0; i < passages.size() && items.size() < kMostItems; ++i) {
    const std::size_t chosen = random_permutation(kSuiteSeed, stream, i, passages.size());
    const RecallPassage& asked = passages[chosen];
    Draws draws("one-shot/name-recall/draws", i);
    for (std::uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
      const auto shot = draw_other(draws, chosen, passages.size());
      if (!shot) break;
      const RecallPassage& example = passages[*shot];
      // Neither the passage itself nor the name.
      const std::size_t a = example.place.begin, b = asked.place.begin;
      if ((a < b ? b - a : a - b) < *length || example.place.name == asked.place.name ||
          occurrences(example.context, asked.place.name).count > 0)
        continue;
      OneShotItem item;
      item.shot = example.context + " " + example.place.name + "\n";
      item.context = asked.context;
      item.place = asked.place.begin;
      item.answers = other_names(draws, places, asked);
      if (item.answers.size() != 3) break;
      place_right_answer(draws, " " + asked.place.name, item);
      if (!fits(item, source)) continue;
      items.push_back(std::move(item));
      break;
    }
  }
  return finished_task(std::move(items), 0.25);
}

}  // namespace isoloss
