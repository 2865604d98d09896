// Text as one line.
#pragma once
#include <string>
#include <string_view>

namespace isoloss {

// Runs of blanks and line ends become one space, none at either end.
std::string squeezed(std::string_view text);

}  // namespace isoloss
