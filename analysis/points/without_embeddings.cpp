#include "analysis/points/without_embeddings.h"

#include <algorithm>
#include <utility>

#include "model/spec/error.h"

namespace isoloss {

bool knows_embeddings(const PointTable& table) {
  return std::ranges::all_of(table.points,
                             [](const Point& point) { return point.parameters_embedding > 0; });
}

PointTable without_embeddings(PointTable table) {
  if (!knows_embeddings(table))
    throw InputError(table.source +
                     ": --without-embeddings is given where rows do not say how many parameters "
                     "the embedding has (column parameters_embedding); add it, or leave the option "
                     "out");
  for (Point& point : table.points)
    point.parameters -= std::exchange(point.parameters_embedding, 0.0);
  return table;
}

}  // namespace isoloss
