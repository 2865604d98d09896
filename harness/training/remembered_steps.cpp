#include "harness/training/remembered_steps.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/ranks/machine.h"
#include "model/spec/error.h"
#include "results/code_version.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

int cores() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

std::string conditions(int at_once) {
  return fmt::format("{}, {} cores, {} at once, {}", machine_name(), cores(), at_once,
                     code_version());
}

}  // namespace

int steps_at_once(int ranks, int threads) {
  return std::clamp(cores() / std::max(threads, 1), 1, std::max(ranks, 1));
}

std::filesystem::path remembered_steps_file(int at_once) {
  std::filesystem::path folder;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"))
    folder = cache;
  else if (const char* home = std::getenv("HOME"))
    folder = std::filesystem::path(home) / ".cache";
  else
    return {};
  std::string name = conditions(at_once);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.') c = '-';
  return folder / "isoloss" / "steps" / (name + ".json");
}

StepTimes remembered_steps(int at_once) {
  const std::filesystem::path file = remembered_steps_file(at_once);
  StepTimes times;
  if (file.empty()) return times;
  try {
    const Json json = Json::parse(read_file(file));
    if (json.at("machine") != conditions(at_once)) return times;
    for (const auto& [key, step] : json.at("steps").items()) {
      const MeasuredStep measured{step.at(0).get<double>(), step.at(1).get<double>(),
                                  step.at(2).get<double>()};
      if (measured.fastest > 0) times.emplace(key, measured);
    }
  } catch (const Json::exception&) {
    return {};
  } catch (const InputError&) {  // a cache that cannot be read keeps nobody from training
    return {};
  }
  return times;
}

void remember_steps(const StepTimes& times, int at_once) {
  const std::filesystem::path file = remembered_steps_file(at_once);
  if (file.empty())
    throw WorkError(
        "measured steps cannot be kept (neither XDG_CACHE_HOME nor HOME is set); set "
        "one");
  StepTimes all = remembered_steps(at_once);
  for (const auto& [key, step] : times) all[key] = step;
  Json json;
  json["machine"] = conditions(at_once);
  for (const auto& [key, step] : all)
    json["steps"][key] = {step.seconds, step.fastest, step.slowest};
  write_durably(file, json.dump(1) + "\n");
}

}  // namespace isoloss
