#include <algorithm>
#include <map>

#include "harness/oneshot/text_pieces.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

struct PlacedSentence {
  std::string text;
  std::size_t begin = 0;
};

// Plain sentences with a full stop, no longer than `longest` bytes and distinct.
std::vector<PlacedSentence> plain_sentences(const std::string& text, std::size_t longest) {
  std::vector<PlacedSentence> sentences;
  std::map<std::string, bool, std::less<>> seen;
  for (const SentencePlace& place : sentence_places(text)) {
    const std::string_view sentence = std::string_view(text).substr(place.begin, place.length);
    if (sentence.back() != '.' || sentence.size() > longest || !is_plain_sentence(sentence))
      continue;
    if (seen.emplace(sentence, true).second)
      sentences.push_back({std::string(sentence), place.begin});
  }
  return sentences;
}

}  // namespace

OneShotTask last_word_task(const TaskText& source) {
  // Half the sequence for the shot and its line end, half for the item.
  TaskText half = source;
  half.sequence = source.sequence / 2 - 1;
  std::vector<PlacedSentence> sentences;
  for (PlacedSentence& sentence : plain_sentences(flattened(source.text), 240))
    if (fits(sentence.text, half)) sentences.push_back(std::move(sentence));
  const std::uint64_t stream = stream_of("one-shot/last-word");
  std::vector<OneShotItem> items;
  std::map<std::string, std::size_t> frequency;
  std::size_t most = 0;
  for (std::size_t i = 0; i < sentences.size() && items.size() < kMostItems; ++i) {
    const std::size_t chosen = random_permutation(kSuiteSeed, stream, i, sentences.size());
    Draws draws("one-shot/last-word/draws", i);
    const auto shot = draw_other(draws, chosen, sentences.size());
    if (!shot) break;
    const std::string& sentence = sentences[chosen].text;
    const std::size_t cut = sentence.rfind(' ');
    OneShotItem item{sentences[*shot].text + "\n",
                     sentence.substr(0, cut),
                     {sentence.substr(cut, sentence.size() - 1 - cut)},
                     0,
                     sentences[chosen].begin};
    if (!fits(item, source)) continue;
    most = std::max(most, ++frequency[item.answers[0]]);
    items.push_back(std::move(item));
  }
  const double count = static_cast<double>(std::max<std::size_t>(1, items.size()));
  return finished_task(std::move(items), static_cast<double>(most) / count);
}

}  // namespace isoloss
