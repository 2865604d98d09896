#include "slurm/site_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"

namespace isoloss {
namespace {

using Values = std::span<const std::string>;

// A word that stands in a batch script as it is.
std::string plain(const std::string& value) {
  const auto breaks = [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0 ||
           std::string("'\"$`;\\#").find(c) != std::string::npos;
  };
  if (value.empty() || std::ranges::any_of(value, breaks))
    throw InputError("'" + value +
                     "' cannot stand in a batch script (empty, or a blank or quoting in it); give "
                     "a plain word");
  return value;
}

template <auto Member>
void set_word(Site& site, Values values) {
  site.*Member = plain(values[0]);
}

template <auto Member>
void set_words(Site& site, Values values) {
  (site.*Member).clear();
  for (const std::string& value : values) (site.*Member).push_back(plain(value));
}

template <auto Member, std::int64_t Least>
void set_count(Site& site, Values values) {
  const auto count = parse_whole(values[0]);
  if (!count || *count < Least)
    throw InputError(
        fmt::format("'{}' is no count (a whole number of at least {} is wanted); write it like {}",
                    values[0], Least, std::max<std::int64_t>(Least, 2)));
  site.*Member = *count;
}

template <auto Member>
void set_choice(Site& site, Values values, const std::vector<std::string>& choices) {
  if (std::ranges::find(choices, values[0]) == choices.end())
    throw InputError("'" + values[0] + "' does not exist (one of a few words is wanted)" +
                     suggestion(values[0], choices));
  site.*Member = values[0];
}

template <auto Member>
void set_form(Site& site, Values values, const char* form, const char* example) {
  if (!std::regex_match(values[0], std::regex(form)))
    throw InputError(fmt::format(
        "'{}' is not in Slurm's form (it would refuse it); write it like {}", values[0], example));
  site.*Member = values[0];
}

void set_time(Site& site, Values values) {
  set_form<&Site::time>(site, values, R"(\d+-\d+(:\d\d?){0,2}|\d+(:\d\d?){0,2})",
                        "12:00:00 or 2-00:00:00");
}
void set_memory(Site& site, Values values) {
  set_form<&Site::memory>(site, values, R"(\d{1,15}([KMGTkmgt][Bb]?)?)", "64G or 64000M");
}
void set_signal(Site& site, Values values) {
  set_form<&Site::signal>(site, values, R"((USR1|USR2|TERM)@\d{1,5})", "USR1@120");
}
void set_launcher(Site& site, Values values) {
  set_choice<&Site::launcher>(site, values, {"mpirun", "srun"});
}
void set_preempt_mode(Site& site, Values values) {
  set_choice<&Site::preempt_mode>(site, values, {"requeue", "cancel"});
}

}  // namespace

const std::vector<SiteKey>& site_keys() {
  static const std::vector<SiteKey> keys = {
      {"partition", "partition", "Slurm partition", false, set_word<&Site::partition>},
      {"account", "account", "account to charge", false, set_word<&Site::account>},
      {"qos", "qos", "quality of service", false, set_word<&Site::qos>},
      {"constraint", "constraint", "features of the nodes", false, set_word<&Site::constraint>},
      {"time", "time", "HH:MM:SS; the study's time_limit, else 12 hours", false, set_time},
      {"nodes", "nodes", "nodes (1)", false, set_count<&Site::nodes, 1>},
      {"tasks_per_node", "tasks-per-node", "ranks on a node; one for each GPU, else 1", false,
       set_count<&Site::tasks_per_node, 1>},
      {"cpus_per_task", "cpus-per-task", "cores a rank; 0: the study's threads (0)", false,
       set_count<&Site::cpus_per_task, 0>},
      {"memory", "memory", "memory of a node, as 64G", false, set_memory},
      {"device", "device", "cpu, or the site's name for its type of GPU (cpu)", false,
       set_word<&Site::device>},
      {"gpus_per_node", "gpus-per-node", "GPUs on a node (0)", false,
       set_count<&Site::gpus_per_node, 0>},
      {"modules", "module", "environment module to load; may be repeated", true,
       set_words<&Site::modules>},
      {"options", "option",
       "one more option of sbatch, as exclusive or reservation=NAME; may be "
       "repeated",
       true, set_words<&Site::options>},
      {"launcher", "launcher", "what starts the ranks: mpirun (Open MPI's) or srun (mpirun)", false,
       set_launcher},
      {"mpi", "mpi", "with srun: its --mpi, as pmix (srun --mpi=list shows them)", false,
       set_word<&Site::mpi>},
      {"signal", "signal",
       "USR1, USR2 or TERM and how many seconds before the time limit "
       "(USR1@120)",
       false, set_signal},
      {"preempt_mode", "preempt-mode",
       "what the site does to a job that it preempts: requeue, or "
       "cancel, and then the script keeps its successor in the queue (requeue)",
       false, set_preempt_mode},
      {"restarts", "restarts", "how often a stopped job starts again by itself (20)", false,
       set_count<&Site::restarts, 0>},
  };
  return keys;
}

}  // namespace isoloss
