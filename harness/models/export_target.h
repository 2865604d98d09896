// Where an export goes: it replaces an earlier export of the same run and nothing else.
#pragma once
#include <filesystem>
#include <string>

namespace isoloss {

// The id of the run that an exported folder or safetensors file holds; empty where `path` is no
// export.
std::string exported_run(const std::filesystem::path& path);

// InputError where `path` is a file or a folder with something in it that is no export of `run`.
void check_export_target(const std::filesystem::path& path, const std::string& run);

}  // namespace isoloss
