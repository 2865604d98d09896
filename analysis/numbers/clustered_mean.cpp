#include "analysis/numbers/clustered_mean.h"

#include <cmath>
#include <map>

#include "analysis/numbers/statistics.h"

namespace isoloss {

std::vector<std::size_t> cluster_numbers(std::span<const std::string> clusters) {
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> numbers;
  for (const std::string& cluster : clusters) {
    numbers.push_back(known.try_emplace(cluster, known.size()).first->second);
  }
  return numbers;
}

ClusteredMean clustered_mean(std::span<const double> values,
                             std::span<const std::size_t> clusters) {
  ClusteredMean out{kNone, kNone, values.size(), 0};
  if (values.empty()) return out;
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  out.value = sum / n;
  std::vector<double> totals;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (clusters[i] >= totals.size()) totals.resize(clusters[i] + 1, 0);
    totals[clusters[i]] += values[i] - out.value;
  }
  out.clusters = totals.size();
  if (out.clusters < 2) return out;
  double squares = 0;
  for (const double total : totals) squares += total * total;
  const auto groups = static_cast<double>(out.clusters);
  out.standard_error = std::sqrt(groups / (groups - 1) * squares) / n;
  return out;
}

}  // namespace isoloss
