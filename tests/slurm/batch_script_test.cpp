// Batch scripts: what Slurm reads, what bash runs, and how they end.
#include "slurm/batch_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "slurm/site.h"
#include "slurm/submit.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

Site cluster() {
  Site site;
  site.partition = "gpu";
  site.account = "lab";
  site.time = "02:00:00";
  site.nodes = 2;
  site.tasks_per_node = 4;
  site.cpus_per_task = 8;
  site.gpus_per_node = 4;
  site.device = "h200";
  site.memory = "64G";
  site.qos = "fast";
  site.constraint = "ib";
  site.options = {"exclusive"};
  site.modules = {"gcc/12", "openmpi"};
  return site;
}

std::string script_of(const Site& site, const BatchJob& job = {"isoloss", "results/runs/tiny",
                                                               "results/runs/tiny/stop"}) {
  return batch_script(study_of({}), site, job);
}

std::string content_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int status_of(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A folder whose programs come first in PATH while this lives.
class FakePrograms {
 public:
  explicit FakePrograms(bool only = false) : before_(std::getenv("PATH")) {
    setenv("PATH", (folder_.path().string() + (only ? "" : ":" + before_)).c_str(), 1);
  }
  ~FakePrograms() { setenv("PATH", before_.c_str(), 1); }
  FakePrograms(const FakePrograms&) = delete;
  FakePrograms& operator=(const FakePrograms&) = delete;

  void add(const std::string& name, const std::string& body) const {
    fs::permissions(folder_.write(name, "#!/bin/bash\n" + body), fs::perms::owner_all);
  }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  std::string before_;
};

// Runs the script as Slurm would on three nodes, in the fakes' folder.
int run_script(const FakePrograms& fakes, const Site& site, const std::string& environment = "",
               std::int64_t allocations = 1) {
  const fs::path here = fakes.folder().path();
  const fs::path script = fakes.folder().write(
      "job.sh", script_of(site, {here / "isoloss", "out", here / "stop", allocations}));
  return status_of("SLURM_SUBMIT_DIR='" + here.string() +
                   "' SLURM_JOB_ID=7 SLURM_JOB_NUM_NODES=3 SLURM_CPUS_PER_TASK=1 " + environment +
                   " bash '" + script.string() + "'");
}

TEST(BatchScript, BashAcceptsIt) {
  const TemporaryFolder folder;
  for (const Site& site : {cluster(), Site{}}) {
    const fs::path script = folder.write("job.sh", script_of(site));
    EXPECT_EQ(status_of("bash -n '" + script.string() + "'"), 0);
  }
}

TEST(BatchScript, AsksForWhatTheSiteSays) {
  const std::string script = script_of(cluster());
  for (const char* line :
       {"#SBATCH --job-name=tiny\n", "#SBATCH --partition=gpu\n", "#SBATCH --account=lab\n",
        "#SBATCH --time=02:00:00\n", "#SBATCH --nodes=2\n", "#SBATCH --ntasks-per-node=4\n",
        "#SBATCH --cpus-per-task=8\n", "#SBATCH --gpus-per-node=h200:4\n", "#SBATCH --mem=64G\n",
        "#SBATCH --qos=fast\n", "#SBATCH --constraint=ib\n", "#SBATCH --exclusive\n",
        "#SBATCH --output=%x-%j.out\n", "#SBATCH --open-mode=append\n", "#SBATCH --requeue\n",
        "#SBATCH --signal=B:USR1@120\n",
        "module load gcc/12 || exit 1\nmodule load openmpi || exit 1\n"})
    EXPECT_NE(script.find(line), std::string::npos) << line;
}

TEST(BatchScript, EachGpuOfANodeHasARankUnlessTheSiteSaysMore) {
  Site site = cluster();
  site.tasks_per_node = 0;
  EXPECT_THAT(script_of(site), testing::HasSubstr("#SBATCH --ntasks-per-node=4\n"));
  EXPECT_THAT(script_of(site), testing::HasSubstr("--ranks $((SLURM_JOB_NUM_NODES * 4))"));
  EXPECT_THAT(script_of({}), testing::HasSubstr("#SBATCH --ntasks-per-node=1\n"));
  site.tasks_per_node = 2;
  EXPECT_THAT(script_of(site), testing::HasSubstr("#SBATCH --ntasks-per-node=2\n"));
}

TEST(BatchScript, SaysNothingThatTheSiteLeavesOpen) {
  const std::string script = script_of(Site{});
  for (const char* option : {"--partition", "--account", "--gpus", "--mem", "--qos", "--array",
                             "module load", "SLURM_MPI_TYPE"})
    EXPECT_EQ(script.find(option), std::string::npos) << option;
}

TEST(BatchScript, DirectivesStandBeforeTheFirstCommand) {
  // sbatch stops looking for them there.
  const std::string script = script_of(cluster());
  EXPECT_LT(script.rfind("#SBATCH"), script.find("\nexport"));
}

TEST(BatchScript, TimeIsTheStudysLimitUnlessTheSiteHasOne) {
  const std::string script = batch_script(study_of({{10, "run: {time_limit: 90m}"}}), Site{},
                                          {"isoloss", "out", "out/stop"});
  EXPECT_NE(script.find("--time=01:30:00\n"), std::string::npos);
}

TEST(BatchScript, SlurmTimeCountsDays) {
  EXPECT_EQ(slurm_time(43200), "12:00:00");
  EXPECT_EQ(slurm_time(2 * 86400 + 61), "2-00:01:01");
  EXPECT_EQ(slurm_time(0.5), "00:00:01");
}

TEST(BatchScript, RunsTheSupervisorWithTheRanksOfTheNodesThatAreThere) {
  const FakePrograms fakes;
  fakes.add("isoloss", "echo \"$*\" > arguments\n");
  Site site;
  site.nodes = 8;  // as it was submitted; three are there
  site.tasks_per_node = 2;
  EXPECT_EQ(run_script(fakes, site), 0);
  const std::string arguments = content_of(fakes.folder().path() / "arguments");
  EXPECT_TRUE(arguments.starts_with("run ")) << arguments;
  EXPECT_TRUE(arguments.ends_with("study.yaml --out out --ranks 6 --launcher mpirun\n"))
      << arguments;
}

TEST(BatchScript, SrunLearnsItsMpiAndItsCores) {
  const FakePrograms fakes;
  fakes.add("isoloss", "echo \"$* $SLURM_MPI_TYPE $SRUN_CPUS_PER_TASK\" > arguments\n");
  Site site;
  site.launcher = "srun";
  site.mpi = "pmix";
  EXPECT_EQ(run_script(fakes, site), 0);
  const std::string arguments = content_of(fakes.folder().path() / "arguments");
  EXPECT_TRUE(arguments.ends_with("--launcher srun pmix 1\n")) << arguments;
}

TEST(BatchScript, DaemonsOfMpirunAreStartedDeafToSigterm) {
  for (const char* env : {"exit 0\n", "exit 125\n"}) {
    const FakePrograms fakes;
    fakes.add("isoloss", "echo \"${OMPI_MCA_orte_launch_agent:-none}\" > agent\n");
    fakes.add("env", env);  // coreutils before 8.31 ends with 125
    EXPECT_EQ(run_script(fakes, Site{}), 0);
    EXPECT_EQ(content_of(fakes.folder().path() / "agent"),
              std::string(env) == "exit 0\n" ? "env --block-signal=TERM orted\n" : "none\n");
  }
}

TEST(BatchScript, PassesTheSupervisorsFailureOn) {
  const FakePrograms fakes;
  fakes.add("isoloss", "exit 1\n");
  fakes.add("scontrol", "echo \"$*\" > requeued\n");
  EXPECT_EQ(run_script(fakes, Site{}), 1);
  EXPECT_FALSE(fs::exists(fakes.folder().path() / "requeued"));
}

TEST(BatchScript, RequeuesWhatStoppedEarly) {
  const FakePrograms fakes;
  fakes.add("isoloss", "exit 3\n");
  fakes.add("scontrol", "echo \"$*\" > requeued\n");
  EXPECT_EQ(run_script(fakes, Site{}), 3);
  EXPECT_EQ(content_of(fakes.folder().path() / "requeued"), "requeue 7\n");
}

TEST(BatchScript, AStudyStoppedByHandIsNotRequeued) {
  const FakePrograms fakes;
  fakes.add("isoloss", "touch stop; exit 3\n");
  fakes.add("scontrol", "echo \"$*\" > requeued\n");
  EXPECT_EQ(run_script(fakes, Site{}), 3);
  EXPECT_FALSE(fs::exists(fakes.folder().path() / "requeued"));
}

TEST(BatchScript, AllocationsOfOneStudyAreAnArray) {
  const std::string script = script_of(Site{}, {"isoloss", "out", "out/stop", 4});
  EXPECT_NE(script.find("#SBATCH --array=1-4\n"), std::string::npos);
  EXPECT_NE(script.find("#SBATCH --output=%x-%A_%a.out\n"), std::string::npos);
  EXPECT_THROW(script_of(Site{}, {"isoloss", "out", "out/stop", 0}), InputError);
}

// A fake sbatch that says what it is asked, and a scancel that says whom it cancels.
FakePrograms& where_jobs_are_cancelled(FakePrograms& fakes, const std::string& supervisor) {
  fakes.add("isoloss", supervisor);
  fakes.add("sbatch", "echo \"$ISOLOSS_RESTARTS $*\" > submitted; echo '8;cluster'\n");
  fakes.add("scancel", "echo \"$*\" > cancelled\n");
  fakes.add("scontrol", "touch requeued\n");
  return fakes;
}

Site cancelling() {
  Site site;
  site.preempt_mode = "cancel";
  return site;
}

TEST(BatchScript, WhereJobsAreCancelledTheSuccessorIsQueuedBeforeTheWork) {
  FakePrograms fakes;
  where_jobs_are_cancelled(fakes, "cp submitted seen; exit 3\n");
  EXPECT_EQ(run_script(fakes, cancelling(), "ISOLOSS_RESTARTS=4"), 3);
  const std::string seen = content_of(fakes.folder().path() / "seen");
  EXPECT_TRUE(seen.starts_with("5 --parsable --dependency=afterany:7 ")) << seen;
  EXPECT_TRUE(seen.ends_with("job.sh\n")) << seen;
  EXPECT_FALSE(fs::exists(fakes.folder().path() / "cancelled"));
  EXPECT_FALSE(fs::exists(fakes.folder().path() / "requeued"));
  EXPECT_NE(script_of(cancelling()).find("#SBATCH --no-requeue\n"), std::string::npos);
}

TEST(BatchScript, TheSuccessorIsTakenBackWhenNothingIsLeftToDo) {
  for (const char* supervisor : {"exit 0\n", "exit 1\n", "touch stop; exit 3\n"}) {
    FakePrograms fakes;
    where_jobs_are_cancelled(fakes, supervisor);
    run_script(fakes, cancelling());
    EXPECT_EQ(content_of(fakes.folder().path() / "cancelled"), "8\n") << supervisor;
  }
}

TEST(BatchScript, SuccessorsAreCountedAndEachIsOfItsOwnAllocation) {
  FakePrograms fakes;
  where_jobs_are_cancelled(fakes, "exit 3\n");
  EXPECT_EQ(run_script(fakes, cancelling(), "ISOLOSS_RESTARTS=20"), 3);
  EXPECT_FALSE(fs::exists(fakes.folder().path() / "submitted"));
  EXPECT_EQ(run_script(fakes, cancelling(), "SLURM_ARRAY_TASK_ID=2", 3), 3);
  const std::string submitted = content_of(fakes.folder().path() / "submitted");
  EXPECT_TRUE(submitted.starts_with("1 --parsable --array=2 --dependency=afterany:7 "))
      << submitted;
}

TEST(BatchScript, RequeuesOnlySoOften) {
  const FakePrograms fakes;
  fakes.add("isoloss", "exit 3\n");
  fakes.add("scontrol", "echo \"$*\" > requeued\n");
  Site site;
  site.restarts = 2;
  EXPECT_EQ(run_script(fakes, site, "SLURM_RESTART_COUNT=2"), 3);
  EXPECT_FALSE(fs::exists(fakes.folder().path() / "requeued"));
}

TEST(BatchScript, PassesSignalsOnAndWaitsForTheEnd) {
  // The fake saves for a moment after USR1 and then exits 3, as the supervisor does.
  for (const char* signal : {"USR1", "USR2", "TERM"}) {
    const FakePrograms fakes;
    fakes.add("isoloss",
              "trap 'sleep 0.3; touch saved; exit 3' USR1\n"
              "kill -" +
                  std::string(signal) +
                  " $PPID\n"
                  "for i in {1..100}; do sleep 0.1; done\n");
    fakes.add("scontrol", "echo \"$*\" > requeued\n");
    EXPECT_EQ(run_script(fakes, Site{}), 3) << signal;
    EXPECT_TRUE(fs::exists(fakes.folder().path() / "saved")) << signal;
    EXPECT_TRUE(fs::exists(fakes.folder().path() / "requeued")) << signal;
  }
}

TEST(BatchScript, RefusesASiteThatContradictsItself) {
  Site no_gpus;
  no_gpus.device = "h200";
  EXPECT_THROW(script_of(no_gpus), InputError);
  Site no_srun;
  no_srun.mpi = "pmix";
  EXPECT_THROW(script_of(no_srun), InputError);
}

TEST(Submit, PipesTheScriptAndReturnsTheJob) {
  const FakePrograms fakes;
  fakes.add("sbatch",
            "cat > '" + (fakes.folder().path() / "seen").string() + "'\necho '4711;cluster'\n");
  EXPECT_EQ(submit_script("#!/bin/bash\nexit\n"), "4711");
  EXPECT_EQ(content_of(fakes.folder().path() / "seen"), "#!/bin/bash\nexit\n");
}

TEST(Submit, SaysSoWhereSbatchIsMissing) {
  const FakePrograms nothing(true);
  try {
    submit_script("#!/bin/bash\n");
    FAIL() << "it was submitted";
  } catch (const WorkError& error) {
    EXPECT_EQ(
        std::string(error.what()),
        "submit: cannot start sbatch (No such file or directory); run this on a login node of "
        "the cluster, or use --dry-run to see the script");
  }
}

TEST(Submit, SaysSoWhereSbatchRefuses) {
  const FakePrograms fakes;
  fakes.add("sbatch", "exit 1\n");
  EXPECT_THROW(submit_script(std::string(1 << 20, '#')), WorkError);
}

}  // namespace
}  // namespace isoloss
