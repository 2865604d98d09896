// `isoloss points`: the losses of a study folder as the CSV every analysis reads.
#include <iostream>

#include "analysis/points/points.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"

namespace isoloss {

int points_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line("isoloss points DIR [--flops NAME] [--all]",
                   "Prints the losses of a study as CSV (docs/format.md) on standard output.",
                   "isoloss points results/runs/quickstart > points.csv");
  line.add()("flops", po::value<std::string>()->default_value("exact"),
             "FLOP convention: exact, 6N, 6N_non_embedding, 6N_plus_attention, chinchilla")(
      "all", "losing arms of learning-rate searches too");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  write_points_csv(std::cout, read_points_folder(line.get<std::string>("DIR"),
                                                 line.get<std::string>("flops"), line.has("all")));
  return 0;
}

}  // namespace isoloss
