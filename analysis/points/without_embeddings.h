// N as Kaplan et al. 2020 count it: without the token embedding.
#pragma once
#include "analysis/points/points.h"

namespace isoloss {

// Whether every point says how many of its parameters are of the token embedding.
bool knows_embeddings(const PointTable& table);

// The table with parameters counted without the token embedding. InputError where a point does not
// say how many those are.
PointTable without_embeddings(PointTable table);

}  // namespace isoloss
