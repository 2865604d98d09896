// A table of vectors with padding between them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/parameters.h"

namespace isoloss {

inline ParameterTable vectors(const std::vector<std::int64_t>& sizes) {
  ParameterTable table;
  for (const std::int64_t size : sizes) {
    table.parameters.push_back(
        {.name = std::string("v").append(std::to_string(table.parameters.size())),
         .shape = {size},
         .offset = table.buffer_size});
    table.buffer_size += size + 2;  // padding
  }
  return table;
}

}  // namespace isoloss
