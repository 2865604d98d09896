// `isoloss submit`: the batch script of a study, shown and handed to sbatch.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/cli/study_paths.h"
#include "model/spec/error.h"
#include "results/study_folder.h"
#include "slurm/batch_script.h"
#include "slurm/site_keys.h"
#include "slurm/submit.h"
#include "sweeps/study.h"

namespace isoloss {
namespace {

using Words = std::vector<std::string>;

void add_site_options(CommandLine& line) {
  namespace po = boost::program_options;
  for (const SiteKey& key : site_keys()) {
    if (key.repeats)
      line.add()(key.option.c_str(), po::value<Words>()->composing(), key.about.c_str());
    else
      line.add()(key.option.c_str(), po::value<std::string>(), key.about.c_str());
    line.may_be_empty(
        key.option);  // says that the site file's is not wanted, or is refused as in it
  }
}

// The site file's, overridden by the command line's.
Site site_of(const CommandLine& line) {
  Site site = line.has("site") ? read_site(line.get<std::string>("site")) : Site{};
  for (const SiteKey& key : site_keys()) {
    if (!line.has(key.option)) continue;
    const Words values =
        key.repeats ? line.get<Words>(key.option) : Words{line.get<std::string>(key.option)};
    try {
      key.set(site, values);
    } catch (const InputError& problem) {
      throw InputError("--" + key.option + ": " + problem.what());
    }
  }
  return site;
}

}  // namespace

int submit_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss submit STUDY.yaml [--site FILE.yaml] [--array N] [--dry-run] [options]",
      "Writes the batch script of a study, shows it and submits it with sbatch. The job saves its "
      "state before the time limit and when it is preempted, and starts again until the study is "
      "done. Options override the site file (docs/format.md).",
      "isoloss submit sweeps/quickstart.yaml --site slurm/example-site.yaml --dry-run");
  line.add()("dry-run", "show the script only")("out", po::value<std::string>(),
                                                "study folder; results/runs/NAME without it")(
      "site", po::value<std::string>(), "site file: what is the same for all studies")(
      "array", po::value<std::int64_t>()->default_value(1),
      "so many allocations train the study at once")("json", "one JSON object on standard output");
  add_site_options(line);
  line.positional("STUDY.yaml");
  if (!line.parse(arguments)) return 0;
  const Site site = site_of(line);
  const Study study = read_study(line.get<std::string>("STUDY.yaml"));
  const StudyFolder folder{std::filesystem::absolute(
      line.has("out") ? std::filesystem::path(line.get<std::string>("out"))
                      : default_study_folder(study.name))};
  if (std::filesystem::exists(folder.root) && !std::filesystem::is_directory(folder.root))
    throw InputError(folder.root.string() +
                     " is no folder (the study is trained into one); name another --out");
  const BatchJob job{std::filesystem::read_symlink("/proc/self/exe"), folder.root,
                     folder.stop_file(), line.get<std::int64_t>("array")};
  const std::string script = batch_script(study, site, job);
  const bool as_json = line.has("json");
  if (!as_json) fmt::print("{}", script);
  if (line.has("dry-run")) {
    if (as_json) print_json(nlohmann::ordered_json{{"script", script}});
    return 0;
  }
  const std::string number = submit_script(script);
  if (as_json)
    print_json(nlohmann::ordered_json{{"job", number}, {"script", script}});
  else
    fmt::print("submitted as job {}\n", number);
  return 0;
}

}  // namespace isoloss
