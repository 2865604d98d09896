#include "analysis/plot/plot_render.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "analysis/plot/plot_csv.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

extern char** environ;

namespace isoloss {
namespace {

// Exit status of `gnuplot -d SCRIPT` with its output in two files.
int run_gnuplot(const std::filesystem::path& script, const std::filesystem::path& output,
                const std::filesystem::path& errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), flags, 0644);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), flags, 0644);
  std::string program = "gnuplot", settings = "-d", file = script.string();
  char* arguments[] = {program.data(), settings.data(), file.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT) {
    throw WorkError(
        "plots cannot be drawn (gnuplot is not on the PATH); install it (on Debian and Ubuntu: apt "
        "install gnuplot-nox) and run the report again");
  }
  if (failed != 0) {
    throw WorkError(
        fmt::format("plots cannot be drawn (gnuplot did not start: {}); run it by hand: "
                    "gnuplot -d {}",
                    std::strerror(failed), file));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

ThemedSvg render_plot(const Plot& plot, const std::filesystem::path& folder,
                      const std::string& origin) {
  const std::filesystem::path script = folder / (plot.name + ".gnuplot");
  const std::filesystem::path output = temporary_beside(folder / (plot.name + ".svg"));
  const std::filesystem::path errors = temporary_beside(folder / (plot.name + ".log"));
  const PlotScript drawing = gnuplot_script(plot);
  write_durably(script, drawing.text);
  const int status = run_gnuplot(script, output, errors);
  const std::string drawn = std::filesystem::exists(output) ? read_file(output) : "";
  const std::string said = std::filesystem::exists(errors) ? read_file(errors) : "";
  std::filesystem::remove(output);
  std::filesystem::remove(errors);
  ThemedSvg svg = themed_svg(drawn, plot.name, plot.title, drawing.tips);
  if (status != 0 || svg.inlined.empty()) {
    throw WorkError(
        fmt::format("plot {} was not drawn (gnuplot ended with status {}: {}); run it by "
                    "hand: gnuplot -d {}",
                    plot.name, status, said.substr(0, 400), script.string()));
  }
  write_durably(folder / (plot.name + ".svg"), svg.standalone);
  write_durably(folder / (plot.name + ".csv"), plot_csv(plot, origin));
  return svg;
}

}  // namespace isoloss
