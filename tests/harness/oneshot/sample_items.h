// The hand-written sample items: samples/NAME.jsonl, one canonical item a line. The first is asked
// and the second shown.
#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/oneshot/task_card.h"
#include "tests/places.h"

namespace isoloss {

inline std::vector<nlohmann::json> sample_items(const std::string& data) {
  std::ifstream in(test::checkout() + "/tests/harness/oneshot/samples/" + data + ".jsonl");
  std::vector<nlohmann::json> items;
  for (std::string line; std::getline(in, line);) items.push_back(nlohmann::json::parse(line));
  EXPECT_GE(items.size(), 2U) << data;
  return items;
}

inline TaskCard built_in_card(const std::string& profile, const std::string& task) {
  for (const TaskCard& card : built_in_cards(profile))
    if (card.task == task) return card;
  ADD_FAILURE() << "no card " << profile << "/" << task;
  return {};
}

}  // namespace isoloss
