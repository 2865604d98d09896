#include "harness/oneshot/unicode_text.h"

#include <initializer_list>

namespace isoloss {
namespace {

// Length of the character at `at` where its bytes are whole, else 1.
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || first > 0xF4 || at + length > text.size()) return 1;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xC0) != 0x80) return 1;
  return length;
}

bool in_range(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}

char32_t lowered(char32_t point) {
  if (in_range(point, U'A', U'Z')) return point + 32;
  if (point < 0xC0) return point;
  if (in_range(point, 0xC0, 0xDE)) return point == 0xD7 ? point : point + 32;
  // Latin Extended-A: pairs, even before odd or odd before even.
  if (in_range(point, 0x100, 0x12F) || in_range(point, 0x132, 0x137) ||
      in_range(point, 0x14A, 0x177))
    return point | 1;
  if (in_range(point, 0x139, 0x148) || in_range(point, 0x179, 0x17E))
    return point % 2 == 1 ? point + 1 : point;
  if (point == 0x178) return 0xFF;
  // Greek and Cyrillic.
  if (point == 0x386) return 0x3AC;
  if (in_range(point, 0x388, 0x38A)) return point + 37;
  if (point == 0x38C) return 0x3CC;
  if (in_range(point, 0x38E, 0x38F)) return point + 63;
  if (in_range(point, 0x391, 0x3AB) && point != 0x3A2) return point + 32;
  if (in_range(point, 0x400, 0x40F)) return point + 80;
  if (in_range(point, 0x410, 0x42F)) return point + 32;
  if (in_range(point, 0x460, 0x481) || in_range(point, 0x48A, 0x4BF)) return point | 1;
  return point;
}

char32_t raised(char32_t point) {
  for (const char32_t distance : {32, 1, 80, 37, 63})
    if (point > distance && lowered(point - distance) == point && point - distance != point)
      return point - distance;
  return point;
}

}  // namespace

std::u32string code_points_of(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    char32_t point = static_cast<unsigned char>(text[at]);
    if (length > 1) point &= 0xFFu >> (length + 1);
    for (std::size_t i = 1; i < length; ++i)
      point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
    points += point;
    at += length;
  }
  return points;
}

std::string utf8(std::u32string_view points) {
  std::string text;
  text.reserve(points.size());
  const auto tail = [&](char32_t point, int shift) {
    text += static_cast<char>(0x80u | ((point >> shift) & 0x3Fu));
  };
  for (const char32_t point : points) {
    if (point < 0x80) {
      text += static_cast<char>(point);
    } else if (point < 0x800) {
      text += static_cast<char>(0xC0u | (point >> 6));
      tail(point, 0);
    } else if (point < 0x10000) {
      text += static_cast<char>(0xE0u | (point >> 12));
      tail(point, 6), tail(point, 0);
    } else {
      text += static_cast<char>(0xF0u | (point >> 18));
      tail(point, 12), tail(point, 6), tail(point, 0);
    }
  }
  return text;
}

std::int64_t count_code_points(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += character_length(text, at)) ++count;
  return count;
}

bool is_blank(char32_t point) {
  return in_range(point, 0x09, 0x0D) || point == 0x20 || point == 0x85 || point == 0xA0 ||
         point == 0x1680 || in_range(point, 0x2000, 0x200A) || in_range(point, 0x2028, 0x2029) ||
         point == 0x202F || point == 0x205F || point == 0x3000;
}

std::string lower_cased(std::string_view text) {
  std::u32string points = code_points_of(text);
  for (char32_t& point : points) point = lowered(point);
  return utf8(points);
}

std::string capitalized(std::string_view text) {
  std::u32string points = code_points_of(text);
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i] = i == 0 ? raised(points[i]) : lowered(points[i]);
  return utf8(points);
}

std::string first_lowered(std::string_view text) {
  std::u32string points = code_points_of(text);
  if (!points.empty()) points[0] = lowered(points[0]);
  return utf8(points);
}

std::string trimmed(std::string_view text) {
  const std::u32string points = code_points_of(text);
  std::size_t first = 0;
  std::size_t last = points.size();
  while (first < last && is_blank(points[first])) ++first;
  while (last > first && is_blank(points[last - 1])) --last;
  return utf8(std::u32string_view(points).substr(first, last - first));
}

std::vector<std::string> blank_separated(std::string_view text) {
  std::vector<std::string> words;
  std::u32string word;
  const auto close = [&] {
    if (!word.empty()) words.push_back(utf8(word));
    word.clear();
  };
  for (const char32_t point : code_points_of(text)) {
    if (is_blank(point))
      close();
    else
      word += point;
  }
  close();
  return words;
}

bool is_punctuation(char32_t point) {
  return in_range(point, 0x21, 0x2F) || in_range(point, 0x3A, 0x40) ||
         in_range(point, 0x5B, 0x60) || in_range(point, 0x7B, 0x7E);
}

std::string without_punctuation(std::string_view text) {
  std::string kept;
  for (const char c : text)
    if (!is_punctuation(static_cast<unsigned char>(c))) kept += c;
  return kept;
}

bool is_word_point(char32_t point) {
  if (point < 0x80)
    return point == U'_' || (!is_punctuation(point) && point > 0x20 && point < 0x7F);
  if (point < 0xC0)  // letters, and digits as powers and fractions
    return point == 0xAA || point == 0xB2 || point == 0xB3 || point == 0xB5 || point == 0xB9 ||
           point == 0xBA || in_range(point, 0xBC, 0xBE);
  return point != 0xD7 && point != 0xF7 && !is_blank(point) && !in_range(point, 0x2010, 0x206F);
}

std::string articles_blanked(std::string_view text) {
  const std::u32string points = code_points_of(text);
  std::u32string kept;
  for (std::size_t at = 0; at < points.size();) {
    std::size_t end = at;
    while (end < points.size() && is_word_point(points[end])) ++end;
    if (end == at) {
      kept += points[at++];
      continue;
    }
    const std::u32string word = points.substr(at, end - at);
    kept += word == U"a" || word == U"an" || word == U"the" ? U" " : word;
    at = end;
  }
  return utf8(kept);
}

}  // namespace isoloss
