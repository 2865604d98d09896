// Quantities in words for people.
#pragma once
#include <string>

namespace isoloss {

std::string seconds_text(double seconds);  // 42 s, 3.1 min, 7.5 h
std::string bytes_text(double bytes);      // 12.5 MB, 1.25 GB
std::string amount_text(double count);     // 1.5 k, 2.25 M, 1.88 G

}  // namespace isoloss
