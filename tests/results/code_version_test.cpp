// What the build writes as the version of the code: git's own answers are the expected ones.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/places.h"
#include "tests/results/results_fixture.h"

namespace isoloss {
namespace {

// The output of a shell command that must succeed.
std::string told(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), part.size(), pipe)) text += part.data();
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << text;
  return text;
}

class CodeVersion : public ResultsTest {
 protected:
  void SetUp() override {
    if (std::system("git --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no git here";
    std::filesystem::create_directory(tree_);
    git("init -q");
    change("first");
    git("add file");
    git("-c user.name=A -c user.email=a@b -c commit.gpgsign=false commit -q -m first");
  }
  std::string git(const std::string& words) {
    return told("git -C " + tree_.string() + " " + words);
  }
  void change(const std::string& text) { std::ofstream(tree_ / "file") << text; }
  // What the script writes, with the newline that ends it.
  std::string written() {
    told("cmake -DCHECKOUT=" + tree_.string() + " -DRELEASE=v9.8.7 -DOUTPUT=" + output_.string() +
         " -P " + test::checkout() + "/cmake/CodeVersion.cmake");
    std::ifstream in(output_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string commit() {
    std::string hash = git("rev-parse --short HEAD");
    hash.pop_back();
    return hash;
  }

  std::filesystem::path tree_ = folder_ / "tree", output_ = folder_ / "version.inc";
};

TEST_F(CodeVersion, FollowsTheCheckoutFromBuildToBuild) {
  EXPECT_EQ(written(), "\"" + commit() + "\"\n");
  change("second");
  EXPECT_EQ(written(), "\"" + commit() + "-dirty\"\n");
  git("-c user.name=A -c user.email=a@b -c commit.gpgsign=false commit -q -a -m second");
  EXPECT_EQ(written(), "\"" + commit() + "\"\n");
}

TEST_F(CodeVersion, LeavesWhatSaysSoAlready) {
  written();
  const auto then = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(output_, then);
  written();
  EXPECT_EQ(std::filesystem::last_write_time(output_), then);
}

TEST_F(CodeVersion, OfAnUnpackedReleaseIsTheReleases) {
  const auto unpacked = tree_ / "unpacked";  // within somebody else's repository
  std::filesystem::create_directory(unpacked);
  tree_ = unpacked;
  EXPECT_EQ(written(), "\"v9.8.7\"\n");
}

}  // namespace
}  // namespace isoloss
