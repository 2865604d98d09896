// Names under which damaged files are kept: no reader takes them for the file they were.
#pragma once
#include <filesystem>

namespace isoloss {

// PATH.damaged, or the first of PATH.damaged-2, -3, .. that is free.
std::filesystem::path set_aside_name(const std::filesystem::path& path);

// Whether a file name has the form of set_aside_name's.
bool is_set_aside(const std::filesystem::path& path);

// Renames the file so, durably. WorkError where that fails.
void set_aside(const std::filesystem::path& path);

}  // namespace isoloss
