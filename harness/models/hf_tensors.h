// How the tensors of a public class lie: each of theirs is one or several of the parameter table's,
// one above the other along the first axis, and turned where theirs is [in, out] (GPT-2's Conv1D).
// Export and import read this one list.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/models/hf_config.h"
#include "model/spec/parameters.h"

namespace isoloss {

struct HfTensor {
  std::string name;
  std::vector<std::string> ours;
  bool turned = false;
};

// Every tensor of the table once; names are those of a file that transformers writes.
std::vector<HfTensor> hf_tensors(HfClass kind, const ParameterTable& table);

// Its shape in their file.
std::vector<std::int64_t> hf_shape(const HfTensor& tensor, const ParameterTable& table);

// Calls visit(place in their tensor, place in the flat buffer) for every element.
void visit_elements(const HfTensor& tensor, const ParameterTable& table,
                    const std::function<void(std::size_t, std::size_t)>& visit);

}  // namespace isoloss
