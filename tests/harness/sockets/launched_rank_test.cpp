// Ranks by table of what a starter sets.
#include "harness/sockets/launched_rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using testing::HasSubstr;
using Values = std::map<std::string, std::string>;

std::optional<LaunchedRank> launched(const Values& values) {
  return launched_without_mpi([&](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : found->second.c_str();
  });
}

// srun -n 4 --mpi=none, third start of the job.
const Values kSrun = {{"SLURM_STEP_NUM_TASKS", "4"},
                      {"SLURM_PROCID", "2"},
                      {"SLURM_JOB_ID", "1234"},
                      {"SLURM_STEP_ID", "0"},
                      {"SLURM_RESTART_COUNT", "2"}};

Values srun_with(const Values& more) {
  Values values = kSrun;
  for (const auto& [name, value] : more) values[name] = value;
  return values;
}

TEST(LaunchedRanks, SrunWithoutMpiSaysWhichRankThisIs) {
  const auto rank = launched(kSrun);
  ASSERT_TRUE(rank);
  EXPECT_EQ(rank->rank, 2);
  EXPECT_EQ(rank->size, 4);
  EXPECT_EQ(rank->step, "1234-0-2");
}

TEST(LaunchedRanks, WhatMpiJoinsIsLeftToIt) {
  EXPECT_FALSE(launched(srun_with({{"PMIX_RANK", "2"}})));             // --mpi=pmix
  EXPECT_FALSE(launched(srun_with({{"PMI_RANK", "2"}})));              // --mpi=pmi2
  EXPECT_FALSE(launched(srun_with({{"OMPI_COMM_WORLD_RANK", "2"}})));  // mpirun in it
}

TEST(LaunchedRanks, OneTaskOrNoneIsAlone) {
  EXPECT_FALSE(launched({}));
  EXPECT_FALSE(launched(srun_with({{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}})));
}

TEST(LaunchedRanks, ContradictionsAreNamed) {
  const auto error_of = [](const Values& values) -> std::string {
    try {
      launched(values);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(error_of(srun_with({{"SLURM_PROCID", "4"}})), HasSubstr("which of 4 ranks this is"));
  EXPECT_THAT(error_of(srun_with({{"SLURM_PROCID", "x"}})), HasSubstr("SLURM_PROCID: 'x'"));
  EXPECT_THAT(error_of({{"SLURM_STEP_NUM_TASKS", "2"}}), HasSubstr("SLURM_JOB_ID"));
}

}  // namespace
}  // namespace isoloss
