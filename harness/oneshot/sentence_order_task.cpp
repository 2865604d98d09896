#include "harness/oneshot/text_pieces.h"
#include "model/spec/counter_random.h"

namespace isoloss {
namespace {

constexpr std::size_t kLongestSentence = 160;

// Three neighbouring sentences.
struct Triple {
  std::string first, second, third;
  std::size_t begin = 0;
};

std::vector<Triple> plain_triples(const std::string& flat) {
  const std::vector<SentencePlace> places = sentence_places(flat);
  std::vector<Triple> triples;
  for (std::size_t i = 0; i + 2 < places.size(); ++i) {
    std::string three[3];
    bool plain = true;
    for (std::size_t j = 0; j < 3; ++j) {
      three[j] = flat.substr(places[i + j].begin, places[i + j].length);
      plain = plain && three[j].size() <= kLongestSentence && is_plain_sentence(three[j]);
    }
    if (plain && three[1] != three[2])
      triples.push_back({three[0], three[1], three[2], places[i].begin});
  }
  return triples;
}

}  // namespace

OneShotTask sentence_order_task(const TaskText& source) {
  const std::vector<Triple> triples = plain_triples(flattened(source.text));
  const std::uint64_t stream = stream_of("one-shot/sentence-order");
  std::vector<OneShotItem> items;
  for (std::size_t i = 0; i < triples.size() && items.size() < kMostItems; ++i) {
    const std::size_t chosen = random_permutation(kSuiteSeed, stream, i, triples.size());
    Draws draws("one-shot/sentence-order/draws", i);
    for (std::uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
      const auto shot = draw_other(draws, chosen, triples.size());
      if (!shot) break;
      // A neighbouring triple would show two of the sentences in their order.
      if ((*shot < chosen ? chosen - *shot : *shot - chosen) < 3) continue;
      const Triple &example = triples[*shot], &asked = triples[chosen];
      OneShotItem item;
      item.shot = example.first + " " + example.second + " " + example.third + "\n";
      item.context = asked.first;
      item.place = asked.begin;
      item.answers = {" " + asked.third + " " + asked.second};
      place_right_answer(draws, " " + asked.second + " " + asked.third, item);
      if (!fits(item, source)) continue;
      items.push_back(std::move(item));
      break;
    }
  }
  return finished_task(std::move(items), 0.5);
}

}  // namespace isoloss
