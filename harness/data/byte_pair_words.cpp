#include <array>
#include <cstdint>

#include "harness/data/byte_pair_tokenizer.h"
#include "harness/data/unicode_classes.h"

namespace isoloss {
namespace {

struct Character {
  CharacterClass kind = CharacterClass::Other;
  std::size_t size = 1;  // bytes
};

// A byte that begins no well-formed character is a character of its own, of no class.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {character_class(lead), 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
  if (size == 1 || at + size > text.size()) return {};
  std::uint32_t point = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    point = (point << 6) | (byte(i) & 0x3F);
  }
  return {character_class(point), size};
}

std::size_t contraction_at(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t",  "'re", "'ve",
                                                             "'m", "'ll", "'d"};
  for (const std::string_view contraction : kContractions)
    if (text.substr(at, contraction.size()) == contraction) return contraction.size();
  return 0;
}

// Behind the characters of this class from `at` on.
std::size_t end_of_class(std::string_view text, std::size_t at, CharacterClass kind) {
  while (at < text.size()) {
    const Character next = character_at(text, at);
    if (next.kind != kind) break;
    at += next.size;
  }
  return at;
}

// White space keeps back its last character for the word that follows.
std::size_t end_of_space(std::string_view text, std::size_t at) {
  std::size_t before_last = at, end = at;
  while (end < text.size()) {
    const Character next = character_at(text, end);
    if (next.kind != CharacterClass::Space) break;
    before_last = end;
    end += next.size;
  }
  return end == text.size() || before_last == at ? end : before_last;
}

std::size_t end_of_word(std::string_view text, std::size_t at) {
  if (const std::size_t size = contraction_at(text, at); size > 0) return at + size;
  const bool spaced = text[at] == ' ' && at + 1 < text.size();
  const std::size_t first = spaced ? at + 1 : at;
  const CharacterClass kind = character_at(text, first).kind;
  if (kind != CharacterClass::Space) return end_of_class(text, first, kind);
  return end_of_space(text, at);
}

}  // namespace

std::vector<std::string_view> byte_pair_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_word(text, at);
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace isoloss
