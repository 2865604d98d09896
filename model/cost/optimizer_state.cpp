#include "model/cost/optimizer_state.h"

#include <algorithm>
#include <vector>

#include "model/cost/quantities.h"
#include "model/spec/shard.h"

namespace isoloss {

double optimizer_values(const ParameterTable& table, double states, std::int64_t factored_from) {
  double values = 0;
  for (const Parameter& parameter : table.parameters) {
    const std::vector<std::int64_t> shape = whole_shape(parameter);
    const bool factored =
        factored_from > 0 && shape.size() == 2 && std::min(shape[0], shape[1]) >= factored_from;
    values +=
        factored ? real(parameter.shape[0] + parameter.shape[1]) : states * real(parameter.size());
  }
  return values;
}

}  // namespace isoloss
