// The public data sets that one-shot tasks are made from: who publishes them, on what terms, which
// files hold what is evaluated and what shots are drawn from, and how many items those should hold.
// The table itself is public_data.json beside this file; the sets and splits are those of GPT-3
// (Brown et al. 2020, Table C.1 and Appendix G).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

struct PublicSplit {
  std::string split;                 // by its publisher's name
  std::int64_t items = 0;            // that it should hold; 0: not checked
  std::vector<std::string> files;    // its publisher's: patterns of names and of ends of paths
  std::vector<std::string> exports;  // splits of tables made from it: SPLIT or CONFIGURATION/SPLIT
};

struct PublicDataSet {
  std::string name;
  std::vector<std::string> folders;  // that it may lie in, the first that has its files
  std::string publisher;
  std::string licence;
  PublicSplit evaluated;
  PublicSplit shots;            // without either: the evaluated items themselves
  std::int64_t gpt3_items = 0;  // that GPT-3 scored (its Table C.1)
};

// In the order of GPT-3's Table C.1's groups.
std::span<const PublicDataSet> public_data_sets();

}  // namespace isoloss
