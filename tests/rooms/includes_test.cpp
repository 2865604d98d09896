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

#include "tests/places.h"

namespace {

namespace fs = std::filesystem;

// What each room may include beside itself and the standard library.
const std::map<std::string, std::set<std::string>> kMayUse = {
    {"model/spec", {}},
    {"model/yaml", {"model/spec"}},
    {"model/cost", {"model/spec"}},
    {"results", {"model/spec"}},
    {"sweeps", {"model/spec", "model/yaml", "model/cost", "model/device"}},
    {"analysis/numbers", {}},
    {"analysis/points", {"model/spec", "model/yaml", "results", "analysis/numbers"}},
    {"analysis/laws", {"model/spec", "analysis/numbers", "analysis/points"}},
    {"analysis/solver", {"analysis/numbers", "analysis/laws"}},
    {"analysis/fit",
     {"model/spec", "analysis/numbers", "analysis/points", "analysis/laws", "analysis/solver"}},
    {"analysis/savings", {"model/spec", "analysis/numbers", "analysis/points", "analysis/fit"}},
    {"analysis/scores",
     {"model/spec", "results", "analysis/numbers", "analysis/points", "analysis/laws",
      "analysis/solver", "analysis/fit"}},
    {"analysis/plot", {"model/spec", "results", "analysis/numbers"}},
    {"analysis/published", {"model/spec", "results", "analysis/numbers", "analysis/plot"}},
    {"analysis/report",
     {"model/spec", "results", "analysis/numbers", "analysis/points", "analysis/solver",
      "analysis/fit", "analysis/savings", "analysis/scores", "analysis/plot",
      "analysis/published"}},
    {"model/kernels/cpu", {"model/spec", "model/parallel"}},
    {"model/kernels/cuda", {"model/spec"}},
    {"model/device", {"model/spec", "model/cost", "model/kernels/cuda", "model/parallel"}},
    {"model/parallel", {"model/spec"}},
    {"model/layers", {"model/spec", "model/cost", "model/kernels/cpu", "model/parallel"}},
    {"slurm", {"model/spec", "model/yaml", "model/cost", "sweeps"}},
    {"harness/on_device",
     {"model/spec", "model/parallel", "model/layers", "model/device", "model/kernels/cuda",
      "results", "sweeps", "harness/training", "harness/devices", "harness/nccl"}},
    {"harness/oneshot", {"model/spec", "model/yaml", "results", "harness/oneshot/parquet"}},
    {"harness/oneshot/parquet", {"model/spec"}},
    {"harness/devices",
     {"model/spec", "model/parallel", "results", "model/device", "model/kernels/cuda"}},
    {"harness/nccl", {"model/spec", "model/parallel", "model/kernels/cuda", "harness/devices"}},
    {"harness/sockets", {"model/spec", "model/parallel", "results"}},
    {"harness/progress", {"model/spec", "results", "sweeps"}},
    {"harness/files", {"model/spec", "results", "sweeps", "harness/progress"}},
    {"harness/data", {"model/spec", "results", "sweeps", "harness/files", "harness/oneshot"}},
    {"harness/ranks", {"model/spec", "model/parallel", "results", "sweeps", "harness/sockets"}},
    {"harness/scoring",
     {"model/spec", "model/layers", "model/parallel", "results", "sweeps", "harness/files",
      "harness/data", "harness/ranks", "harness/oneshot"}},
    {"harness/training",
     {"model/spec", "model/cost", "model/layers", "model/kernels/cpu", "model/parallel", "results",
      "sweeps", "harness/progress", "harness/files", "harness/data", "harness/ranks",
      "harness/scoring", "harness/devices"}},
    {"harness/models",
     {"model/spec", "model/layers", "results", "sweeps", "harness/files", "harness/data",
      "harness/training"}},
    {"harness/study",
     {"model/spec", "model/yaml", "model/cost", "model/layers", "model/parallel", "results",
      "sweeps", "harness/progress", "harness/files", "harness/data", "harness/ranks",
      "harness/scoring", "harness/training"}},
    {"harness/bench",
     {"model/spec", "model/cost", "model/layers", "results", "sweeps", "harness/data",
      "harness/ranks", "harness/training", "harness/study"}},
    {"harness/cli",
     {"model/spec",
      "model/yaml",
      "model/cost",
      "model/layers",
      "model/kernels/cpu",
      "model/parallel",
      "results",
      "sweeps",
      "slurm",
      "analysis/numbers",
      "analysis/points",
      "analysis/laws",
      "analysis/solver",
      "analysis/fit",
      "analysis/savings",
      "analysis/scores",
      "analysis/plot",
      "analysis/published",
      "analysis/report",
      "harness/progress",
      "harness/files",
      "harness/data",
      "harness/ranks",
      "harness/scoring",
      "harness/training",
      "harness/models",
      "harness/study",
      "harness/bench",
      "harness/oneshot",
      "harness/devices",
      "harness/nccl",
      "harness/sockets",
      "harness/on_device"}},
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
  const fs::path root = isoloss::test::checkout();
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
  const fs::path root = isoloss::test::checkout();
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
      {std::regex("^(torch|ATen|c10)/"), {"model/layers", "model/kernels/cpu", "model/parallel"}},
      {std::regex("^(cuda|cublas)"), {"model/kernels/cuda", "harness/nccl"}},
      {std::regex("^boost/context"), {"model/kernels/cuda"}},
      {std::regex("^mpi\\.h$"), {"harness/ranks"}},
      {std::regex("^nccl\\.h$"), {"harness/nccl"}},
      {std::regex("^hdf5"), {"results"}},
      {std::regex("^yaml-cpp/"), {"model/yaml"}},
      {std::regex("^sentencepiece"), {"harness/data"}},
      {std::regex("^(Eigen|ceres)/"),
       {"analysis/numbers", "analysis/laws", "analysis/solver", "analysis/fit", "analysis/savings",
        "analysis/report"}},
      {std::regex("^boost/program_options"), {"harness/cli"}},
      {std::regex("^zlib\\.h$"), {"harness/data", "harness/oneshot/parquet"}},
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
        (include.room.starts_with("harness/") && include.file.ends_with(".h"))) {
      EXPECT_FALSE(include.target.starts_with("torch/") || include.target.starts_with("ATen/"))
          << include.file << " includes " << include.target;
    }
}

}  // namespace
