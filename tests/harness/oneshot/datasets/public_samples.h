// Samples of every data set in its publisher's form and as tables export it: our own text in the
// forms of tests/harness/oneshot/publishers, exports (JSON lines) and hub (the same as parquet,
// where the hub keeps it).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "harness/oneshot/datasets/public_folder.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace isoloss {

inline std::filesystem::path samples(const std::string& form) {
  return std::filesystem::path(test::checkout()) / "tests/harness/oneshot" / form;
}

inline const PublicDataSet& data_set(const std::string& name) {
  return *std::ranges::find(public_data_sets(), name, &PublicDataSet::name);
}

inline FoundDataSet found(const std::string& form, const std::string& name) {
  auto read = read_public_data(samples(form), data_set(name), 4096);
  EXPECT_TRUE(read) << form << " " << name;
  return read.value_or(FoundDataSet());
}

inline nlohmann::json published(const std::string& name) { return found("publishers", name).items; }
inline nlohmann::json exported(const std::string& name) { return found("exports", name).items; }

template <class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

// A folder of the test's own, empty; removed when the process ends.
inline std::filesystem::path fresh_folder(const std::string& name) {
  static const test::TemporaryFolder of_all;
  const auto folder = of_all / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace isoloss
