// Site files: every key, and every fault with its file, line and key.
#include "slurm/site.h"

#include <gtest/gtest.h>

#include "slurm/site_keys.h"
#include "tests/places.h"
#include "tests/sweeps/study_files.h"

namespace isoloss {
namespace {

Site site_of(const std::string& yaml) {
  const TemporaryFolder folder;
  return read_site(folder.write("site.yaml", yaml));
}

// What is wrong with a site file, without the folder that it lies in.
std::string problem_of(const std::string& yaml) {
  try {
    site_of(yaml);
  } catch (const InputError& error) {
    const std::string text = error.what();
    return text.substr(text.find("site.yaml"));
  }
  return "nothing";
}

TEST(Site, ReadsEveryKey) {
  const Site site = site_of(
      "partition: gpu\naccount: lab\nqos: fast\nconstraint: ib\ntime: 24:00:00\nnodes: 2\n"
      "tasks_per_node: 8\ncpus_per_task: 4\nmemory: 64G\ndevice: h200\ngpus_per_node: 8\n"
      "modules: [gcc/12, openmpi]\noptions: [exclusive, reservation=ours]\nlauncher: srun\n"
      "mpi: pmix\nsignal: USR2@300\npreempt_mode: cancel\nrestarts: 5\n");
  EXPECT_EQ(site.partition, "gpu");
  EXPECT_EQ(site.account, "lab");
  EXPECT_EQ(site.qos, "fast");
  EXPECT_EQ(site.constraint, "ib");
  EXPECT_EQ(site.time, "24:00:00");
  EXPECT_EQ(site.nodes, 2);
  EXPECT_EQ(site.tasks_per_node, 8);
  EXPECT_EQ(site.cpus_per_task, 4);
  EXPECT_EQ(site.memory, "64G");
  EXPECT_EQ(site.device, "h200");
  EXPECT_EQ(site.gpus_per_node, 8);
  EXPECT_EQ(site.modules, (std::vector<std::string>{"gcc/12", "openmpi"}));
  EXPECT_EQ(site.options, (std::vector<std::string>{"exclusive", "reservation=ours"}));
  EXPECT_EQ(site.launcher, "srun");
  EXPECT_EQ(site.mpi, "pmix");
  EXPECT_EQ(site.signal, "USR2@300");
  EXPECT_EQ(site.preempt_mode, "cancel");
  EXPECT_EQ(site.restarts, 5);
  EXPECT_EQ(site_keys().size(), 18U) << "a key is missing above";
}

TEST(Site, TheExampleIsASite) {
  const Site site = read_site(std::filesystem::path(test::checkout()) / "slurm/example-site.yaml");
  EXPECT_NO_THROW(check_site(site));
  EXPECT_EQ(site.modules.size(), 2U);
}

TEST(Site, AnUnknownKeyIsNamedWithItsPlaceAndTheNearest) {
  EXPECT_EQ(problem_of("partition: gpu\nacount: lab\n"),
            "site.yaml:2: acount: unknown key (no such name here); did you mean 'account'?");
}

TEST(Site, AFaultNamesItsLineAndKey) {
  EXPECT_TRUE(
      problem_of("nodes: 1\ntasks_per_node: 0\n").starts_with("site.yaml:2: tasks_per_node: "));
  EXPECT_TRUE(problem_of("launcher: sruun\n").ends_with("did you mean 'srun'?"));
  for (const char* yaml :
       {"partition: 'gpu\n\n  #SBATCH --account=other'", "partition: $HOME", "modules: [a;b]",
        "time: tomorrow", "signal: KILL@10", "signal: USR1", "nodes: 1.5", "preempt_mode: suspend",
        "restarts: -1", "partition: [a, b]", "nodes: 1\nnodes: 2", ""})
    EXPECT_NE(problem_of(yaml), "nothing") << yaml;
}

// man sbatch, --mem=<size>[units]: K, M, G or T, megabytes without one; 0 is all of a node. Its
// str_to_mbytes() takes small letters and a B behind them too.
TEST(Site, MemoryIsInSlurmsForm) {
  for (const char* taken : {"0", "64000", "64G", "64g", "64GB", "1T", "900K", "7M"})
    EXPECT_EQ(site_of(std::string("memory: ") + taken).memory, taken);
  for (const char* refused : {"12Q", "G", "1.5G", "-1", "64 G", "64GiB", "0x10"})
    EXPECT_EQ(problem_of(std::string("memory: ") + refused),
              std::string("site.yaml:1: memory: '") + refused +
                  "' is not in Slurm's form (it would refuse it); write it like 64G or 64000M");
}

TEST(Site, AMissingFileIsCalledASiteFile) {
  try {
    read_site("/nowhere/site.yaml");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("cannot read the site file"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace isoloss
