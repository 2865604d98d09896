// The floors of docs/design.md: no file includes a room above its own, and LibTorch, MPI and HDF5
// stay where they belong.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// What each room may include beside itself and the standard library.
const std::map<std::string, std::set<std::string>> kMayUse = {
    {"model/spec", {}},
    {"model/yaml", {"model/spec"}},
    {"model/cost", {"model/spec"}},
    {"results", {"model/spec"}},
    {"sweeps", {"model/spec", "model/yaml", "model/cost", "model/device"}},
    {"analysis", {"model/spec", "results"}},
    {"model/kernels/cpu", {"model/spec", "model/parallel"}},
    {"model/kernels/cuda", {"model/spec"}},
    {"model/device", {"model/spec", "model/cost", "model/kernels/cuda", "model/parallel"}},
    {"model/parallel", {"model/spec"}},
    {"model/layers", {"model/spec", "model/cost", "model/kernels/cpu", "model/parallel"}},
    {"slurm", {"model/spec", "model/yaml", "model/cost", "sweeps"}},
    {"harness/on_device",
     {"model/spec", "model/parallel", "model/layers", "model/device", "model/kernels/cuda",
      "results", "sweeps", "harness", "harness/devices", "harness/nccl"}},
    {"harness/oneshot", {"model/spec", "model/yaml", "results", "harness/oneshot/parquet"}},
    {"harness/oneshot/parquet", {"model/spec"}},
    {"harness/devices",
     {"model/spec", "model/parallel", "results", "model/device", "model/kernels/cuda"}},
    {"harness/nccl", {"model/spec", "model/parallel", "harness/devices"}},
    {"harness/sockets", {"model/spec", "model/parallel", "results"}},
    {"harness",
     {"model/spec", "model/yaml", "model/cost", "results", "sweeps", "model/layers",
      "model/kernels/cpu", "model/parallel", "slurm", "harness/oneshot", "harness/devices",
      "harness/nccl", "harness/sockets"}},
    {"harness/cli",
     {"model/spec", "model/yaml", "model/cost", "results", "sweeps", "analysis", "model/layers",
      "model/kernels/cpu", "model/parallel", "slurm", "harness", "harness/oneshot",
      "harness/devices", "harness/nccl", "harness/sockets", "harness/on_device"}},
};

std::string room_of(const std::string& path) {
  std::string best;
  for (const auto& [room, uses] : kMayUse)
    if (path.starts_with(room + "/") && room.size() > best.size()) best = room;
  return best;
}

struct Include {
  std::string file;
  std::string room;
  std::string target;
};

std::vector<Include> all_includes() {
  static const std::regex pattern(R"(^\s*#\s*include\s*[<"]([^">]+)[">])");
  std::vector<Include> includes;
  const fs::path root = ISOLOSS_SOURCE;
  for (const char* top : {"model", "results", "sweeps", "analysis", "slurm", "harness"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu") continue;
      const std::string file = fs::relative(entry.path(), root).string();
      std::ifstream in(entry.path());
      std::smatch match;
      for (std::string line; std::getline(in, line);)
        if (std::regex_search(line, match, pattern))
          includes.push_back({file, room_of(file), match[1]});
    }
  return includes;
}

TEST(Rooms, NoIncludeGoesUpOrSideways) {
  int seen = 0;
  for (const Include& include : all_includes()) {
    const std::string target = room_of(include.target);
    if (target.empty() || target == include.room) continue;
    ++seen;
    EXPECT_TRUE(kMayUse.at(include.room).contains(target))
        << include.file << " includes " << include.target << " (room " << include.room
        << " may not use " << target << ")";
  }
  EXPECT_GT(seen, 20) << "the search for includes found too little to mean anything";
}

// Rooms share namespaces: of two types of one name the linker takes one's code for both.
TEST(Rooms, NoTwoTypesHaveOneName) {
  static const std::regex type(
      R"(^(?:struct|class|enum class) (\w+)(?: final)?\s*(?::[^:].*|\{.*)$)");
  static const std::regex opening(R"(^namespace ([\w:]+) \{$)");
  std::map<std::string, std::string> defined;
  const fs::path root = ISOLOSS_SOURCE;
  for (const char* top : {"model", "results", "sweeps", "analysis", "slurm", "harness"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const std::string file = fs::relative(entry.path(), root).string();
      std::ifstream in(entry.path());
      std::smatch match;
      bool unnamed = false;
      std::string space;
      for (std::string line; std::getline(in, line);) {
        if (line == "namespace {") unnamed = true;
        if (line == "}  // namespace") unnamed = false;
        if (std::regex_match(line, match, opening)) space = match[1];
        if (unnamed || !std::regex_match(line, match, type)) continue;
        const auto [known, fresh] = defined.try_emplace(space + "::" + match[1].str(), file);
        EXPECT_TRUE(fresh) << match[1] << " of " << file << " and of " << known->second;
      }
    }
  EXPECT_GT(defined.size(), 200U) << "the search for types found too little to mean anything";
}

TEST(Rooms, ForeignLibrariesStayInTheirRooms) {
  const struct {
    std::regex header;
    std::set<std::string> rooms;
  } rules[] = {
      {std::regex("^(torch|ATen|c10)/"),
       {"model/layers", "model/kernels/cpu", "model/parallel", "harness"}},
      {std::regex("^(cuda|cublas)"), {"model/kernels/cuda", "harness/nccl"}},
      {std::regex("^boost/context"), {"model/kernels/cuda"}},
      {std::regex("^mpi\\.h$"), {"harness"}},
      {std::regex("^nccl\\.h$"), {"harness/nccl"}},
      {std::regex("^hdf5"), {"results"}},
      {std::regex("^yaml-cpp/"), {"model/yaml"}},
      {std::regex("^sentencepiece"), {"harness"}},
      {std::regex("^(Eigen|ceres)/"), {"analysis"}},
      {std::regex("^boost/program_options"), {"harness/cli"}},
      {std::regex("^zlib\\.h$"), {"harness", "harness/oneshot/parquet"}},
      {std::regex("^(snappy|zstd)"), {"harness/oneshot/parquet"}},
  };
  for (const Include& include : all_includes())
    for (const auto& rule : rules)
      if (std::regex_search(include.target, rule.header)) {
        EXPECT_TRUE(rule.rooms.contains(include.room))
            << include.file << " includes " << include.target;
      }
}

TEST(Rooms, NoInterfaceOfTheModelNeedsLibTorch) {
  for (const Include& include : all_includes())
    if (include.file == "model/layers/language_model.h" ||
        (include.room == "harness" && include.file.ends_with(".h"))) {
      EXPECT_FALSE(include.target.starts_with("torch/") || include.target.starts_with("ATen/"))
          << include.file << " includes " << include.target;
    }
}

}  // namespace
