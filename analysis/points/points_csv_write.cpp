#include <fmt/format.h>

#include <cmath>
#include <ostream>
#include <string>

#include "analysis/points/points.h"
#include "analysis/points/points_comments.h"
#include "results/csv.h"

namespace isoloss {

void write_points_csv(std::ostream& out, const PointTable& table) {
  write_point_comments(out, table);
  out << "architecture,size,seed,budget,learning_rate,parameters,parameters_embedding,tokens,flops,"
         "loss,bits_per_byte,wall_seconds,run,role";
  for (const std::string& column : table.other_columns) out << ',' << csv_field(column);
  out << '\n';
  // fmt's default for a double is the shortest text that reads back to the same bits.
  const auto number = [](double value) {
    return std::isnan(value) ? std::string() : fmt::format("{}", value);
  };
  for (const Point& p : table.points) {
    out << csv_field(p.architecture) << ',' << csv_field(p.size) << ','
        << (p.has_seed ? fmt::format("{}", p.seed) : std::string()) << ',' << number(p.budget)
        << ',' << number(p.learning_rate) << ',' << number(p.parameters) << ','
        << number(p.parameters_embedding) << ',' << number(p.tokens) << ',' << number(p.flops)
        << ',' << number(p.loss) << ',' << number(p.bits_per_byte) << ',' << number(p.wall_seconds)
        << ',' << csv_field(p.run) << ',' << csv_field(p.role);
    for (const std::string& field : p.other) out << ',' << csv_field(field);
    out << '\n';
  }
}

}  // namespace isoloss
