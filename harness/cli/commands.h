// The subcommands of `isoloss`, one file each. Each takes what follows its name and returns the
// exit status: 0 done, 1 the work failed, 3 stopped early on request; bad input is thrown as
// InputError and becomes 2.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace isoloss {

using Arguments = std::span<const std::string>;

struct Command {
  std::string name;
  std::string about;
  int (*run)(Arguments);
};

// In the order of a study's life.
std::span<const Command> commands();

int catalogue_command(Arguments arguments);
int plan_command(Arguments arguments);
int run_command(Arguments arguments);
int status_command(Arguments arguments);
int verify_command(Arguments arguments);
int repair_command(Arguments arguments);
int merge_command(Arguments arguments);
int points_command(Arguments arguments);
int fit_command(Arguments arguments);
int predict_command(Arguments arguments);
int savings_command(Arguments arguments);
int compare_command(Arguments arguments);
int report_command(Arguments arguments);
int submit_command(Arguments arguments);
int data_command(Arguments arguments);
int bench_command(Arguments arguments);
int export_command(Arguments arguments);
int eval_command(Arguments arguments);
int sample_command(Arguments arguments);

}  // namespace isoloss
