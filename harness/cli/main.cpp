// `isoloss COMMAND [options]`: finds the command, runs it, turns errors into one line and a status.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "harness/cli/bench_analysis.h"
#include "harness/cli/commands.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/tell.h"
#include "results/code_version.h"

namespace isoloss {

std::span<const Command> commands() {
  static const std::vector<Command> list = {
      {"catalogue", "the named architectures, their parameters and FLOPs", catalogue_command},
      {"plan", "what a study file will train, and what it costs", plan_command},
#ifdef ISOLOSS_TRAIN
      {"run", "trains what is not done yet; run again to resume", run_command},
      {"data", "prepares token files; makes a synthetic language", data_command},
      {"bench", "training speed here, beside PyTorch's", bench_command},
      {"export", "a run's weights for other tools", export_command},
      {"eval", "one-shot scores; a model's loss on a text", eval_command},
      {"sample", "what a model writes after a prompt", sample_command},
#else
      {"bench", "how fast laws are fitted here", bench_analysis_command},
#endif
      {"submit", "writes a Slurm batch script and submits it", submit_command},
      {"status", "how far a study is", status_command},
      {"verify", "checks every file of a study folder", verify_command},
      {"repair", "mends what can be mended in a study folder", repair_command},
      {"merge", "joins folders of one study", merge_command},
      {"points", "the trained losses as CSV", points_command},
      {"fit", "fits a scaling law, with intervals", fit_command},
      {"predict", "a stored fit at a size, token count or budget, with interval", predict_command},
      {"savings", "compute saved at equal loss, with intervals", savings_command},
      {"compare", "two models on the same items of one-shot tasks", compare_command},
      {"report", "one HTML page with plots and tables", report_command},
  };
  return list;
}

namespace {

void print_usage(std::ostream& out) {
  out << "isoloss: how much training compute does one architecture save over another at equal "
         "loss?\n\nusage: isoloss COMMAND [options]      (isoloss COMMAND --help)\n\n";
  for (const Command& command : commands())
    out << "  " << command.name << std::string(11 - command.name.size(), ' ') << command.about
        << "\n";
  out << "\nexample: isoloss plan sweeps/quickstart.yaml\n";
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    print_usage(std::cerr);
    return 2;
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(std::cout);
    return 0;
  }
  if (name == "--version") {
    std::cout << "isoloss " << code_version() << "\n";
    return 0;
  }
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == name) return command.run(Arguments(arguments).subspan(1));
    names.push_back(command.name);
  }
  throw InputError("'" + name + "' is not a command (see isoloss --help)" +
                   suggestion(name, names));
}

// False where standard output has not taken all that was printed: a full disk, a closed descriptor.
bool all_is_printed() {
  std::cout.flush();
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
}

// Half of a table or of a JSON object is no success.
int dispatch_and_print(const std::vector<std::string>& arguments) {
  constexpr const char* kUnprinted =
      "standard output did not take all that was printed (a full disk, or closed), so what is "
      "there is not whole; free space, or name another place for it";
  int status = 0;
  try {
    status = dispatch(arguments);
  } catch (const std::system_error&) {
    if (all_is_printed()) throw;
    throw WorkError(kUnprinted);
  }
  if (!all_is_printed()) throw WorkError(kUnprinted);
  return status;
}

}  // namespace
}  // namespace isoloss

namespace {

// A closed one's number would go to the next file that is opened, and messages into that file. The
// other way round than they are used, so that reading or writing fails as before.
void hold_standard_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(number, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_descriptors();
  const auto fail = [](const char* text, int status) {
    isoloss::tell(text);
    return status;
  };
  try {
    return isoloss::dispatch_and_print({argv + 1, argv + argc});
  } catch (const isoloss::InputError& error) {
    return fail(error.what(), 2);
  } catch (const isoloss::WorkError& error) {
    return fail(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return fail("out of memory (the machine has no more); take a smaller model or fewer ranks", 1);
  } catch (const std::exception& error) {
    const std::string text = std::string(error.what());
    return fail(
        (text.substr(0, text.find('\n')) + " (an internal error); please report it").c_str(), 1);
  }
}
