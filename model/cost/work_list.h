// The work list: from a spec, every product of one sequence's forward pass on the plain reference
// path, attention as full T x T. Every FLOP convention and every prediction reads this list. Norms,
// activations, rotations, token shifts and constants multiply nothing here: they are elementwise.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/model_spec.h"

namespace isoloss {

struct Product {
  std::string part;  // attention.projection, attention.logits, attention.values, attention.output,
                     // convolution, feed_forward or head
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t times = 0;  // per sequence

  double multiply_adds() const;
};

// A depthwise convolution is listed as m = sequence, n = channels, k = taps, one entry for each of
// Q, K and V that has one.
std::vector<Product> work_list(const ModelSpec& spec);

}  // namespace isoloss
