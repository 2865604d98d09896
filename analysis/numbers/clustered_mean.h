// A mean over items that are not independent: those of one cluster (a passage, a question) go
// together. Its standard error is that of cluster totals about the mean (Liang & Zeger 1986; for
// evaluations Miller 2024, "Adding Error Bars to Evals"), times G/(G - 1) in variance
// for G clusters, so that with every item its own cluster it is s / sqrt(n).
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// Of each item the number of its cluster, from 0 in order of first appearance.
std::vector<std::size_t> cluster_numbers(std::span<const std::string> clusters);

struct ClusteredMean {
  double value = 0;           // NaN without items
  double standard_error = 0;  // NaN with fewer than two clusters
  std::size_t items = 0, clusters = 0;
};

// `clusters` by cluster_numbers, one an item.
ClusteredMean clustered_mean(std::span<const double> values, std::span<const std::size_t> clusters);

}  // namespace isoloss
