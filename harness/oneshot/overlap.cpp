#include "harness/oneshot/overlap.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <unordered_map>
#include <utility>

#include "results/file_seal.h"

namespace isoloss {
namespace {

constexpr std::uint64_t kBase = 0x9E3779B97F4A7C15u;  // odd: no power of it is 0

constexpr std::uint64_t power_of_base() {
  std::uint64_t power = 1;
  for (std::size_t i = 0; i < kOverlapWords; ++i) power *= kBase;
  return power;
}

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

void for_each_word(std::string_view text, const std::function<void(const std::string&)>& visit) {
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) visit(word);
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r'))
      end_word();
    else if (c >= 'A' && c <= 'Z')
      word.push_back(static_cast<char>(c - 'A' + 'a'));
    else if (!is_punctuation(c))
      word.push_back(c);
  }
  end_word();
}

// The hash of every thirteen words in a row: a polynomial in kBase over the words' hashes.
void for_each_row(std::string_view text, const std::function<void(std::uint64_t)>& visit) {
  std::array<std::uint64_t, kOverlapWords> last{};
  std::size_t count = 0;
  std::uint64_t hash = 0;
  for_each_word(text, [&](const std::string& word) {
    const std::uint64_t entering = checksum(word);
    std::uint64_t& place = last[count % kOverlapWords];
    hash = hash * kBase + entering - place * power_of_base();
    place = entering;
    if (++count >= kOverlapWords) visit(hash);
  });
}

void add_texts(const DataItem& value, std::vector<std::string>& texts) {
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (value.is_array() || value.is_object())
    for (const DataItem& element : value) add_texts(element, texts);
}

}  // namespace

std::vector<std::string> overlap_words(std::string_view text) {
  std::vector<std::string> words;
  for_each_word(text, [&](const std::string& word) { words.push_back(word); });
  return words;
}

std::vector<std::string> item_texts(const DataItem& item) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : item.items())
    if (name != "id" && name != "group" && name != "label") add_texts(value, texts);
  return texts;
}

OverlapSearch::OverlapSearch(std::span<const std::vector<std::string>> texts)
    : items_(texts.size()) {
  std::unordered_map<std::string_view, std::uint32_t> known;
  for (std::size_t item = 0; item < texts.size(); ++item)
    for (const std::string& text : texts[item]) {
      const auto [place, fresh] =
          known.try_emplace(text, static_cast<std::uint32_t>(items_of_text_.size()));
      if (fresh) {
        items_of_text_.emplace_back();
        for_each_row(text, [&](std::uint64_t hash) { rows_.push_back({hash, place->second}); });
      }
      items_of_text_[place->second].push_back(static_cast<std::uint32_t>(item));
    }
  std::ranges::sort(rows_, {}, [](const Row& row) { return std::pair(row.hash, row.text); });
  // Eight places a row: seven of eight other hashes end here without a search.
  present_bits_ = static_cast<unsigned>(std::bit_width(8 * rows_.size() + 1));
  present_.resize(std::size_t{1} << present_bits_);
  for (const Row& row : rows_) present_[bit_of(row.hash)] = true;
  found_text_.resize(items_of_text_.size());
}

std::size_t OverlapSearch::bit_of(std::uint64_t hash) const {
  return static_cast<std::size_t>(hash >> (64 - present_bits_));
}

void OverlapSearch::read(std::string_view document) {
  for_each_row(document, [&](std::uint64_t hash) {
    if (!present_[bit_of(hash)]) return;
    for (auto row = std::ranges::lower_bound(rows_, hash, {}, &Row::hash);
         row != rows_.end() && row->hash == hash; ++row)
      found_text_[row->text] = true;
  });
}

std::vector<bool> OverlapSearch::found() const {
  std::vector<bool> found(items_);
  for (std::size_t text = 0; text < found_text_.size(); ++text)
    if (found_text_[text])
      for (const std::uint32_t item : items_of_text_[text]) found[item] = true;
  return found;
}

}  // namespace isoloss
