// XML files of task data (COPA, the Winograd Schema Collection) as records.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "harness/oneshot/datasets/record_file.h"

namespace isoloss {

// The elements inside the outermost one, in order. An element that holds text alone is a string,
// its blanks and line ends squeezed to one space each; any other is an object of its children, an
// array where one name stands several times, and of its attributes under their names. `file` names
// it in messages; places are FILE (item 3), by the element's name. InputError with the line where
// it is no XML.
std::vector<DataRecord> xml_records(std::string_view text, const std::string& file);

}  // namespace isoloss
