// Study files for tests: a small valid one whose lines are replaced one at a time, in a folder that
// is removed again.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "model/spec/error.h"
#include "sweeps/study.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace isoloss {

using test::TemporaryFolder;

using Lines = std::map<int, std::string>;

// Line 10 and later are free for more keys.
inline std::string small_study(const Lines& replaced = {}) {
  Lines lines = {{1, "study: tiny"},
                 {2, "data: {synthetic: {symbols: 32, topics: 4}}"},
                 {3, "model: {d_head: 8, sequence: 16, layers: 1}"},
                 {4, "optimizer: {warmup_steps: 10, batch_tokens: 64}"},
                 {5, "grid:"},
                 {6, "  architecture: [transformer]"},
                 {7, "  size: [{name: s, d_model: 16}]"},
                 {8, "  budget: {tokens: [640, 1280]}"},
                 {9, "  seed: [0]"}};
  for (const auto& [line, text] : replaced) lines[line] = text;
  std::string yaml;
  for (const auto& [line, text] : lines) yaml += text + "\n";
  return yaml;
}

inline Study study_of(const Lines& replaced) {
  const TemporaryFolder folder;
  return read_study(folder.write("study.yaml", small_study(replaced)));
}

// What read_study says about the file, with the folder's name cut; empty where it takes it.
inline std::string message_about(const TemporaryFolder& folder, const std::string& yaml) {
  try {
    read_study(folder.write("study.yaml", yaml));
  } catch (const InputError& error) {
    std::string text = error.what();
    const std::string prefix = folder.path().string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }
  return "";
}

inline std::string message_for(const Lines& replaced) {
  const TemporaryFolder folder;
  return message_about(folder, small_study(replaced));
}

// A ready-made study, read from the root of the tree, where its patterns are meant from.
inline Study shipped_study(const std::string& name) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(test::checkout());
  const Study study = read_study("sweeps/" + name);
  std::filesystem::current_path(before);
  return study;
}

}  // namespace isoloss
