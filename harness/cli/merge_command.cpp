// `isoloss merge`: joins folders of one study.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "model/spec/error.h"
#include "results/merge.h"
#include "sweeps/study_union.h"

namespace isoloss {

int merge_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss merge DIR DIR... --out OUT [--json]",
      "Joins folders of one study that was run in several places into the new folder OUT, which "
      "`run`, `status` and `report` take as any other; the folders stay as they are. A run that "
      "several hold is kept once, the furthest of them; where their numbers, decisions or tokens "
      "differ the exit status is 1, the first difference is named and nothing is made. Study files "
      "may differ in added grid values; other keys that differ are named, exit status 2.",
      "isoloss merge laptop/quickstart cluster/quickstart --out results/runs/joined");
  line.add()("out", po::value<std::string>(), "the folder to make")(
      "json", "one JSON object on standard output");
  line.positional("DIR", CommandLine::Arity::Many);
  if (!line.parse(arguments)) return 0;
  const auto names = line.get<std::vector<std::string>>("DIR");
  if (!line.has("out"))
    throw InputError("--out is missing (merge makes a new folder); name one that is not there yet");
  if (names.size() < 2)
    throw InputError("there is nothing to join (one folder is named); name two or more");
  std::vector<StudyFolder> sources;
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) {
    sources.push_back({name});
    if (!std::filesystem::is_regular_file(sources.back().study_file()))
      throw InputError(name +
                       " is no study folder (study.yaml is not in it); name the --out of a "
                       "run");
    files.push_back(sources.back().study_file());
  }
  const std::string out = line.get<std::string>("out");
  const Merge merge = merge_studies(sources, united_study_text(files), out);
  if (line.has("json")) {
    nlohmann::ordered_json from = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < names.size(); ++i)
      from.push_back({{"folder", names[i]}, {"runs", merge.runs_from[i]}});
    print_json(nlohmann::ordered_json{{"folder", out},
                                      {"runs", merge.runs},
                                      {"shared", merge.shared},
                                      {"decisions", merge.decisions},
                                      {"scores_left", merge.scores_left},
                                      {"from", from}});
    return 0;
  }
  fmt::print("{}: {} runs, {} of them in several folders, and {} decisions\n", out, merge.runs,
             merge.shared, merge.decisions);
  for (std::size_t i = 0; i < names.size(); ++i)
    fmt::print("  {} from {}\n", merge.runs_from[i], names[i]);
  if (merge.scores_left > 0)
    fmt::print(
        "{} files of scores were left behind (their folder does not hold the run, and another "
        "does); make them by `isoloss eval`\n",
        merge.scores_left);
  return 0;
}

}  // namespace isoloss
