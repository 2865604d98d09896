#include "analysis/points/points_digest.h"

#include <gtest/gtest.h>

#include <cmath>

namespace isoloss {
namespace {

Point point(const std::string& architecture, double loss) {
  Point p;
  p.architecture = architecture;
  p.parameters = 1000;
  p.tokens = 2000;
  p.flops = 12e6;
  p.loss = loss;
  p.budget = p.learning_rate = p.wall_seconds = p.bits_per_byte = p.parameters_embedding =
      std::nan("");
  return p;
}

PointTable table() {
  PointTable out;
  out.flops_convention = "6N";
  out.points = {point("b", 2.5), point("a", 2.25)};
  return out;
}

TEST(ReportDigest, IsTheChecksumThatOthersCompute) {
  // The text by hand from docs/format.md; the value by xxhash.xxh3_64_hexdigest of the Python
  // package xxhash.
  const InputDigest digest = input_digest(table());
  EXPECT_EQ(digest.text,
            "# flops convention: 6N\n"
            "architecture,size,seed,budget,learning_rate,parameters,parameters_embedding,tokens,"
            "flops,loss,bits_per_byte,wall_seconds,run,role\n"
            "a,,,,,1000,,2000,12000000,2.25,,,,\n"
            "b,,,,,1000,,2000,12000000,2.5,,,,\n");
  EXPECT_EQ(digest.digest, "c4de4b7a4f63cc98");
}

TEST(ReportDigest, DoesNotDependOnTheOrderOfReading) {
  PointTable other = table();
  std::swap(other.points[0], other.points[1]);
  EXPECT_EQ(input_digest(other).digest, input_digest(table()).digest);
}

TEST(ReportDigest, SeesAnyLossAndAnyRun) {
  PointTable loss = table();
  loss.points[0].loss = std::nextafter(loss.points[0].loss, 3);
  EXPECT_NE(input_digest(loss).digest, input_digest(table()).digest);
  PointTable run = table();
  run.runs.emplace_back().header.id = "0123456789abcdef";  // without a point so far
  EXPECT_NE(input_digest(run).digest, input_digest(table()).digest);
}

}  // namespace
}  // namespace isoloss
