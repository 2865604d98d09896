// The section `published` of a study file: what the paper that the study follows spent on a trial,
// so that plan can set its own count beside it.
#pragma once
#include <string>
#include <vector>

#include "model/yaml/yaml_view.h"

namespace isoloss {

// Training FLOPs that a source prints for an architecture and size at the largest budget.
struct PublishedCost {
  std::string architecture, size;
  double flops = 0;
  std::string source;
};

// [{architecture, size, flops, source}, ..]; empty where `section` is null. InputError with file,
// line and key: an unknown or missing key, a name that is not the grid's, FLOPs that are not
// positive.
std::vector<PublishedCost> read_published(const YamlView* section,
                                          const std::vector<std::string>& architectures,
                                          const std::vector<std::string>& sizes);

}  // namespace isoloss
