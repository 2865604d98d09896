#include "slurm/batch_script.h"

#include <fmt/format.h>

#include <cmath>

#include "model/spec/error.h"

namespace isoloss {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string directives(const Study& study, const Site& site, const BatchJob& job) {
  std::string text;
  const auto line = [&](const std::string& option) { text += "#SBATCH --" + option + "\n"; };
  const auto line_if_given = [&](const char* option, const std::string& value) {
    if (!value.empty()) line(std::string(option) + "=" + value);
  };
  const bool array = job.allocations > 1;
  line("job-name=" + study.name);
  line_if_given("partition", site.partition);
  line_if_given("account", site.account);
  line_if_given("qos", site.qos);
  line_if_given("constraint", site.constraint);
  constexpr double kTwelveHours = 12 * 3600;
  line("time=" + (site.time.empty() ? slurm_time(study.time_limit_seconds.value_or(kTwelveHours))
                                    : site.time));
  line(fmt::format("nodes={}", site.nodes));
  line(fmt::format("ntasks-per-node={}", ranks_per_node(site)));
  line(fmt::format("cpus-per-task={}",
                   site.cpus_per_task > 0 ? site.cpus_per_task : study.base.threads));
  line_if_given("mem", site.memory);
  if (site.gpus_per_node > 0)
    line(fmt::format("gpus-per-node={}{}", site.device == "cpu" ? "" : site.device + ":",
                     site.gpus_per_node));
  if (array) line(fmt::format("array=1-{}", job.allocations));
  for (const std::string& option : site.options) line(option);
  line(array ? "output=%x-%A_%a.out" : "output=%x-%j.out");
  line("open-mode=append");
  line(site.preempt_mode == "requeue" ? "requeue" : "no-requeue");
  line("signal=B:" + site.signal);
  return text;
}

std::string environment(const Study& study, const Site& site) {
  std::string text;
  for (const std::string& module : site.modules) text += "module load " + module + " || exit 1\n";
  text += fmt::format("export OMP_NUM_THREADS={}\n", study.base.threads);
  if (site.gpus_per_node > 0)
    text += "export CUBLAS_WORKSPACE_CONFIG=:4096:8\nexport NCCL_DEBUG=WARN\n";
  if (site.launcher == "srun") text += "export SRUN_CPUS_PER_TASK=\"$SLURM_CPUS_PER_TASK\"\n";
  if (site.launcher == "mpirun")
    text +=
        "# Slurm ends a job by SIGTERM, on which Open MPI's daemons kill ranks that are still "
        "saving.\n"
        "if env --block-signal=TERM true 2>/dev/null; then\n"
        "  export OMPI_MCA_orte_launch_agent=\"env --block-signal=TERM orted\"\n"
        "fi\n";
  if (!site.mpi.empty()) text += "export SLURM_MPI_TYPE=" + site.mpi + "\n";
  return text;
}

// In the queue before the work begins: a job that is cancelled may get no time to submit anything.
std::string successor(const Site& site, bool array) {
  return fmt::format(
      "\n# This site cancels what it preempts: the next job waits until this one is over.\n"
      "next=\n"
      "restarts=${{ISOLOSS_RESTARTS:-0}}\n"
      "if [[ $restarts -lt {} ]]; then\n"
      "  next=$(ISOLOSS_RESTARTS=$((restarts + 1)) sbatch --parsable {}\\\n"
      "    --dependency=afterany:\"$SLURM_JOB_ID\" \"$0\")\n"
      "fi\n",
      site.restarts, array ? "--array=\"$SLURM_ARRAY_TASK_ID\" " : "");
}

constexpr const char* kPassSignalsOn = R"(
# Slurm signals this shell alone: the supervisor saves its state on USR1 and exits 3.
child=
interrupted=0
pass_on() {
  interrupted=1
  if [[ -n $child ]]; then kill -USR1 "$child" 2>/dev/null; fi
}
trap pass_on USR1 USR2 TERM

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

# 3: stopped early with its state saved.
)";

std::string start_again(const Site& site) {
  if (site.preempt_mode == "cancel")
    return "if [[ -n $next && ( $status -ne 3 || -e $stop ) ]]; then scancel \"${next%%;*}\"; fi\n";
  return fmt::format(
      "if [[ $status -eq 3 && ! -e $stop ]]; then\n"
      "  if [[ ${{SLURM_RESTART_COUNT:-0}} -lt {0} ]]; then\n"
      "    scontrol requeue \"$SLURM_JOB_ID\"\n"
      "  else\n"
      "    echo \"isoloss: started again {0} times already; submit the study to go on\" >&2\n"
      "  fi\n"
      "fi\n",
      site.restarts);
}

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
  if (job.allocations < 1)
    throw InputError(
        fmt::format("--array is {} (no allocation would train); give 1 or more", job.allocations));
  std::string text = "#!/bin/bash\n" + directives(study, site, job) + "\n";
  text += environment(study, site);
  text += "cd \"$SLURM_SUBMIT_DIR\" || exit 1\n";
  text += "stop=" + quoted(job.stop.string()) + "\n";
  if (site.preempt_mode == "cancel") text += successor(site, job.allocations > 1);
  text += kPassSignalsOn;
  // Of the nodes that are there: their number may be changed between two starts.
  text += fmt::format(
      "{} run {} --out {} \\\n  --ranks $((SLURM_JOB_NUM_NODES * {})) --launcher {} &\n",
      quoted(job.program.string()), quoted(study.file.string()), quoted(job.out.string()),
      ranks_per_node(site), site.launcher);
  text += kWait;
  text += start_again(site);
  text += "exit \"$status\"\n";
  return text;
}

}  // namespace isoloss
