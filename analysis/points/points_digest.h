// Which data a report was made of: a text of the points that does not depend on the order in which
// they were read, and its digest. The text lies beside the page as points.csv, so that
// `xxhsum -H3 points.csv` prints the digest again.
#pragma once
#include <string>

#include "analysis/points/points.h"

namespace isoloss {

struct InputDigest {
  std::string digest;  // XXH3-64 of `text`, 16 hexadecimal digits
  std::string text;  // the points as write_points_csv prints them, sorted; a `# run:` line per run
};

// Covers every column of the points and the ids of all runs, also of those without a point; not the
// losses by sequence.
InputDigest input_digest(const PointTable& table);

// What a CSV's header comment says of its origin: "isoloss report of data DIGEST".
std::string origin_of(const InputDigest& digest);

}  // namespace isoloss
