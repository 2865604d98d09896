// Numbers as people write them: 1024, 2e12, 0.05.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace isoloss {

inline constexpr double kMostWhole = 9007199254740992.0;  // 2^53: doubles skip whole numbers beyond

// The whole text as a finite number, or as a whole one up to kMostWhole; absent where it is none.
std::optional<double> parse_number(const std::string& text);
std::optional<std::int64_t> parse_whole(const std::string& text);

// What a text is for which parse_whole has nothing: "not a whole number", or "beyond ...".
std::string why_not_whole(const std::string& text);

}  // namespace isoloss
