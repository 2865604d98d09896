// Lines for the user, on standard error. What cannot be written there (a full disk, a terminal that
// is gone) is left out: no work fails for a message.
#pragma once
#include <string_view>

namespace isoloss {

// `isoloss: LINE` and a line break, in one piece.
void tell(std::string_view line);

// The text as it is: a line with another beginning, or one that is drawn again in its place.
void tell_as_written(std::string_view text);

}  // namespace isoloss
