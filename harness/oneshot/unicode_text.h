// Text in code points, as the published rules of answers count and compare it: one-shot metrics
// divide by characters, ignore case and split at blanks the way Python's str does.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// UTF-8 to code points and back; a byte that belongs to no character stands for itself.
std::u32string code_points_of(std::string_view text);
std::string utf8(std::u32string_view points);

std::int64_t count_code_points(std::string_view text);

// Unicode's White_Space.
bool is_blank(char32_t point);

// Letters of Latin, Greek and Cyrillic scripts; what has no case stays.
std::string lower_cased(std::string_view text);
// The first character in upper case, all others in lower case, as Python's str.capitalize.
std::string capitalized(std::string_view text);
// The first character alone in lower case.
std::string first_lowered(std::string_view text);

// Without blanks at both ends.
std::string trimmed(std::string_view text);
// The words between runs of blanks.
std::vector<std::string> blank_separated(std::string_view text);

// ASCII punctuation: the 32 characters of Python's string.punctuation.
bool is_punctuation(char32_t point);
std::string without_punctuation(std::string_view text);

// What a regular expression's \b takes for part of a word.
bool is_word_point(char32_t point);

// Each whole word that is a, an or the becomes a blank.
std::string articles_blanked(std::string_view text);

}  // namespace isoloss
