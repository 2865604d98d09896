#include "harness/models/export_target.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/files/safetensors.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

std::string run_of_config(const fs::path& config) {
  const auto json = nlohmann::json::parse(read_file(config), nullptr, false);
  if (!json.is_object() || !json.contains("isoloss") || !json["isoloss"].is_object()) return "";
  const auto& run = json["isoloss"].value("run", nlohmann::json());
  return run.is_string() ? run.get<std::string>() : "";
}

std::string run_of_tensors(const fs::path& file) {
  try {
    const TensorFiles tensors(file);
    const auto run = tensors.metadata().find("run");
    return run == tensors.metadata().end() ? "" : run->second;
  } catch (const InputError&) {
    return "";
  }
}

}  // namespace

std::string exported_run(const fs::path& path) {
  if (!fs::is_directory(path)) return run_of_tensors(path);
  if (fs::exists(path / "config.json")) return run_of_config(path / "config.json");
  // One that was cut short: its config comes last.
  const fs::path weights = path / "model.safetensors";
  return fs::exists(weights) ? run_of_tensors(weights) : "";
}

void check_export_target(const fs::path& path, const std::string& run) {
  if (!fs::exists(path)) return;
  if (fs::is_directory(path) && fs::is_empty(path)) return;
  const std::string found = exported_run(path);
  if (found == run) return;
  throw InputError(fmt::format(
      "{} is there already ({}); name another place with --out, or give --force to overwrite it",
      path.string(), found.empty() ? "and is no export of this run" : "an export of run " + found));
}

}  // namespace isoloss
