// The section `data` of a study file: which text, prepared tokens or synthetic language, found on
// this machine and hashed by content.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/yaml/yaml_view.h"
#include "sweeps/run_spec.h"

namespace isoloss {

struct StudyData {
  DataSpec data;
  std::int64_t vocabulary = 0;
};

// InputError with file, line and key: no matching file, unknown tokenizer, a share out of range, a
// folder without tokens.json, a vocabulary that is not the tokens'. A missing folder of tokens is
// an error only where the study does not give their vocabulary: otherwise the study can be planned.
StudyData read_data(const YamlView& section);

// Whether the study names tokens that are not there yet, so that it can be planned and not run.
bool tokens_are_absent(const DataSpec& data);

// 16 hexadecimal digits: XXH3-64 over each file's length and bytes, in the given order.
std::string hash_of_files(const std::vector<std::string>& files);

// The file of that very name, or files matching it as a shell pattern, sorted, from the first place
// that has any: the working folder, `beside`, the folders above it.
std::vector<std::string> matching_files(const std::string& pattern,
                                        const std::filesystem::path& beside);

// The folder of that name, absolute, in the first of those places that has one.
std::optional<std::filesystem::path> found_folder(const std::string& name,
                                                  const std::filesystem::path& beside);

}  // namespace isoloss
