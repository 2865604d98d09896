// Tasks whose rule the worked example shows: copying words, adding a number.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/oneshot/text_pieces.h"

namespace isoloss {
namespace {

constexpr std::size_t kCopied = 4;        // words of a list
constexpr std::size_t kFewestWords = 32;  // that lists are drawn from

// Words of three to eight small letters, each once, in alphabetical order.
std::vector<std::string> small_words(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : flattened(text) + " ") {
    if (c != ' ') {
      word.push_back(c);
      continue;
    }
    if (word.size() >= 3 && word.size() <= 8 && std::ranges::all_of(word, is_small_letter))
      words.insert(word);
    word.clear();
  }
  return {words.begin(), words.end()};
}

std::vector<std::string> drawn_words(Draws& draws, const std::vector<std::string>& words,
                                     const std::vector<std::string>& others) {
  std::vector<std::string> drawn;
  while (drawn.size() < kCopied) {
    const std::string& word = words[draws.below(words.size())];
    const auto is_word = [&](const std::string& other) { return other == word; };
    if (std::ranges::none_of(drawn, is_word) && std::ranges::none_of(others, is_word))
      drawn.push_back(word);
  }
  return drawn;
}

std::string spaced(const std::vector<std::string>& words) {
  return fmt::format(" {}", fmt::join(words, " "));
}

std::vector<std::string> shuffled(Draws& draws, std::vector<std::string> words) {
  for (std::size_t i = words.size(); i > 1; --i) std::swap(words[i - 1], words[draws.below(i)]);
  return words;
}

}  // namespace

OneShotTask copying_task(const TaskText& source) {
  const std::vector<std::string> words = small_words(source.text);
  if (words.size() < kFewestWords) return {};
  std::vector<OneShotItem> items;
  for (std::uint64_t i = 0; i < 4 * kMostItems && items.size() < kMostItems; ++i) {
    Draws draws("one-shot/copying/draws", i);
    const auto example = drawn_words(draws, words, {});
    const auto asked = drawn_words(draws, words, example);
    OneShotItem item;
    item.shot = spaced(example).substr(1) + " :" + spaced(example) + "\n";
    item.context = spaced(asked).substr(1) + " :";
    while (item.answers.size() < 3) {
      const std::string answer = spaced(shuffled(draws, asked));
      if (answer != spaced(asked) && std::ranges::find(item.answers, answer) == item.answers.end())
        item.answers.push_back(answer);
    }
    place_right_answer(draws, spaced(asked), item);
    if (fits(item, source)) items.push_back(std::move(item));
  }
  return finished_task(std::move(items), 0.25);
}

OneShotTask mapping_task(const TaskText& source) {
  if (source.text.empty()) return {};
  std::vector<OneShotItem> items;
  for (std::uint64_t i = 0; i < 4 * kMostItems && items.size() < kMostItems; ++i) {
    Draws draws("one-shot/mapping/draws", i);
    const std::size_t added = 1 + draws.below(9);
    const std::size_t example = 10 + draws.below(80);
    const std::size_t asked = 10 + draws.below(80);
    if (example == asked) continue;
    OneShotItem item;
    item.shot = fmt::format("{} -> {}\n", example, example + added);
    item.context = fmt::format("{} ->", asked);
    while (item.answers.size() < 3) {
      const std::size_t other = 1 + draws.below(9);
      const std::string answer = fmt::format(" {}", asked + other);
      if (other != added && std::ranges::find(item.answers, answer) == item.answers.end())
        item.answers.push_back(answer);
    }
    place_right_answer(draws, fmt::format(" {}", asked + added), item);
    if (fits(item, source)) items.push_back(std::move(item));
  }
  return finished_task(std::move(items), 0.25);
}

}  // namespace isoloss
