#include "slurm/batch_script.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

#include "model/spec/error.h"

namespace isoloss {
namespace {

void check_site(const Site& site) {
  if (site.nodes < 1 || site.tasks_per_node < 1)
    throw InputError(
        fmt::format("submit: {} nodes with {} tasks each (nothing to run on); give at least one",
                    site.nodes, site.tasks_per_node));
  if (site.cpus_per_task < 0 || site.gpus_per_node < 0 || site.requeues < 0)
    throw InputError(
        "submit: a negative number of processors, GPUs or requeues (counts are wanted); give 0 or "
        "more");
  const auto plain = [](const std::string& name, const std::string& value) {
    for (const char c : value)
      if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '\'' || c == '"' || c == '$' ||
          c == '`' || c == ';' || c == '\\')
        throw InputError("submit: " + name + " '" + value +
                         "' cannot stand in a batch script (blank or quoting in it); give a plain "
                         "name");
  };
  plain("--partition", site.partition);
  plain("--account", site.account);
  plain("--time", site.time);
  for (const std::string& module : site.modules) plain("--module", module);
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string directives(const Study& study, const Site& site, std::int64_t cpus) {
  std::string text;
  const auto line = [&](const std::string& option) { text += "#SBATCH --" + option + "\n"; };
  line("job-name=" + study.name);
  if (!site.partition.empty()) line("partition=" + site.partition);
  if (!site.account.empty()) line("account=" + site.account);
  constexpr double kTwelveHours = 12 * 3600;
  line("time=" + (site.time.empty() ? slurm_time(study.time_limit_seconds.value_or(kTwelveHours))
                                    : site.time));
  line(fmt::format("nodes={}", site.nodes));
  line(fmt::format("ntasks={}", site.nodes * site.tasks_per_node));
  line(fmt::format("ntasks-per-node={}", site.tasks_per_node));
  line(fmt::format("cpus-per-task={}", cpus));
  if (site.gpus_per_node > 0) line(fmt::format("gpus-per-node={}", site.gpus_per_node));
  line("output=%x-%j.out");
  line("open-mode=append");
  line("requeue");
  line("signal=B:USR1@120");
  return text;
}

constexpr const char* kSupervise = R"(
cd "$SLURM_SUBMIT_DIR" || exit 1
child=
interrupted=0
# Slurm signals this shell alone: the supervisor saves its state on USR1 and exits 3.
pass_on() {
  interrupted=1
  if [[ -n $child ]]; then kill -USR1 "$child" 2>/dev/null; fi
}
trap pass_on USR1 TERM

)";

constexpr const char* kWait = R"(child=$!
# A signal that came before the number was known is passed on now.
if [[ $interrupted -eq 1 ]]; then kill -USR1 "$child" 2>/dev/null; fi
status=1
while true; do
  interrupted=0
  wait "$child"
  code=$?
  # 127: the status was collected before a signal came between.
  if [[ $code -ne 127 ]]; then status=$code; fi
  # A trapped signal ends wait early: wait again.
  if [[ $interrupted -eq 0 ]]; then break; fi
done
)";

}  // namespace

std::string slurm_time(double seconds) {
  auto left = static_cast<std::int64_t>(std::ceil(seconds));
  const std::int64_t days = left / 86400;
  left %= 86400;
  const std::string clock =
      fmt::format("{:02}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60);
  return days > 0 ? fmt::format("{}-{}", days, clock) : clock;
}

std::string batch_script(const Study& study, const Site& site, const BatchJob& job) {
  check_site(site);
  const std::int64_t cpus = site.cpus_per_task > 0 ? site.cpus_per_task : study.base.threads;
  std::string text = "#!/bin/bash\n" + directives(study, site, cpus);
  text += "\nset -u\n";
  for (const std::string& module : site.modules) text += "module load " + module + "\n";
  text += fmt::format("export OMP_NUM_THREADS={}\n", study.base.threads);
  if (site.gpus_per_node > 0)
    text += "export CUBLAS_WORKSPACE_CONFIG=:4096:8\nexport NCCL_DEBUG=WARN\n";
  text += kSupervise;
  text +=
      fmt::format("{} run {} --out {} --ranks \"$SLURM_NTASKS\" &\n", quoted(job.program.string()),
                  quoted(study.file.string()), quoted(job.out.string()));
  text += kWait;
  text += fmt::format(
      "\n# 3: stopped early with its state saved. The cap ends a job that never gets anywhere.\n"
      "if [[ $status -eq 3 && ${{SLURM_RESTART_COUNT:-0}} -lt {} ]]; then\n"
      "  scontrol requeue \"$SLURM_JOB_ID\"\n"
      "fi\n"
      "exit \"$status\"\n",
      site.requeues);
  return text;
}

}  // namespace isoloss
