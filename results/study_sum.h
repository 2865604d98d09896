// The last line of study.yaml in a study folder: a YAML comment with the checksum of what stands
// before it, by which a damaged copy is told. A file without that line is one that somebody put
// there, and is taken as it is.
#pragma once
#include <string>
#include <string_view>

namespace isoloss {

// The text with its line, in place of one that it ends in already.
std::string with_study_sum(std::string_view text);

// Whether the text is without such a line or is what the line was made for.
bool study_sum_fits(std::string_view text);

}  // namespace isoloss
