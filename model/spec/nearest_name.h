// Suggestions for misspelt names in messages about bad input.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace isoloss {

// The candidate with the smallest Levenshtein distance to `name`, the first of equals; empty where
// there is no candidate or the nearest differs in more than half of the longer name.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

// "; did you mean 'NEAREST'?" or "; known: a, b, c" where nothing is near.
std::string suggestion(std::string_view name, std::span<const std::string> candidates);

}  // namespace isoloss
