// Text for tasks: made sentences out of a small vocabulary.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/counter_random.h"

namespace isoloss {

// Ids of bytes, as the byte tokenizer gives them.
inline std::vector<std::int32_t> bytes_of(const std::string& text) {
  std::vector<std::int32_t> ids;
  for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
  return ids;
}

// Sentences of five to seven words; "sea" ends every fourth.
inline std::string prose(std::size_t sentences) {
  const char* words[] = {"whale", "boat", "wind", "night", "sailor", "rope", "deck", "island"};
  std::string text;
  for (std::uint64_t i = 0; i < sentences; ++i) {
    text += "The";
    const std::uint64_t count = 4 + random_below(1, 1, i, 3);
    for (std::uint64_t w = 0; w < count; ++w)
      text += fmt::format(" {}", words[random_below(1, 2, 8 * i + w, 8)]);
    text += i % 4 == 0 ? " sea.\n" : fmt::format(" {}.\n", words[random_below(1, 3, i, 8)]);
  }
  return text;
}

// Sentences in pairs, both of which hold the pair's name; names come from 60.
inline std::string prose_of_names(std::size_t pairs) {
  const char* ends[] = {"bert", "fred", "mund", "wald", "gar", "win"};
  const char* begins[] = {"Al", "Ed", "Os", "Sig", "Her", "Wil", "God", "Ra", "Hu", "Lam"};
  std::string text;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    const std::string name =
        std::string(begins[random_below(2, 1, i, 10)]) + ends[random_below(2, 2, i, 6)];
    text += fmt::format("The {} saw {} in the {} at dawn. Then the {} went to {} again. ",
                        i % 2 == 0 ? "smith" : "miller", name, i % 3 == 0 ? "mill" : "yard",
                        i % 5 == 0 ? "dog" : "horse", name);
  }
  return text;
}

// Many different small words.
inline std::string word_soup(std::size_t words) {
  std::string text;
  for (std::uint64_t i = 0; i < words; ++i) {
    for (std::uint64_t c = 0; c < 5; ++c)
      text.push_back(static_cast<char>('a' + random_below(3, 1, 5 * i + c, 26)));
    text.push_back(' ');
  }
  return text;
}

}  // namespace isoloss
