// Contamination: items whose text stands in the training text. GPT-3's rule (Brown et al. 2020,
// Appendix C) with its largest N for every data set: thirteen words in a row, of words between
// blanks, in small letters, without punctuation.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/oneshot/datasets/data_item.h"

namespace isoloss {

inline constexpr std::size_t kOverlapWords = 13;

// The words of a text as overlaps compare them: ASCII letters small, ASCII punctuation left out,
// what is then empty dropped; other bytes as they are.
std::vector<std::string> overlap_words(std::string_view text);

// The texts of an item, each compared by itself: every text in its fields but `id`, `group` and
// `label`, and lists of texts and turns element by element.
std::vector<std::string> item_texts(const DataItem& item);

// Finds items in a training text that is given document by document; words in a row do not cross
// documents. An item none of whose texts has thirteen words is never found. Memory: 16 bytes a word
// of the items' texts, each text once however many items share it, and two bits; nothing of the
// training text is kept. Rows of words are compared by 64-bit hashes: among n of them and N
// training words n N / 2^64 false finds are expected (10^7 and 10^10: one in 180).
class OverlapSearch {
 public:
  // texts[i]: those of item i.
  explicit OverlapSearch(std::span<const std::vector<std::string>> texts);

  void read(std::string_view document);
  // For each item whether it was found so far.
  std::vector<bool> found() const;

 private:
  struct Row {
    std::uint64_t hash = 0;
    std::uint32_t text = 0;
  };
  std::size_t bit_of(std::uint64_t hash) const;

  std::vector<Row> rows_;      // by hash
  std::vector<bool> present_;  // whether a row may have a hash that begins so
  unsigned present_bits_ = 1;
  std::vector<std::vector<std::uint32_t>> items_of_text_;
  std::vector<bool> found_text_;
  std::size_t items_ = 0;
};

}  // namespace isoloss
