// A prediction between two others.
#pragma once

namespace isoloss {

struct Predicted {
  double value = 0, lowest = 0, highest = 0;
};

}  // namespace isoloss
