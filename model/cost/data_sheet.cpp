#include "model/cost/data_sheet.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {

std::span<const DataSheet> data_sheets() {
  static const std::vector<DataSheet> sheets = {
      {"h100", 989.4e12, 67e12, 80e9, 3.35e12, 450e9,
       "NVIDIA H100 Tensor Core GPU data sheet, H100 SXM"},
      {"h200", 989.4e12, 67e12, 141e9, 4.8e12, 450e9,
       "NVIDIA H200 Tensor Core GPU data sheet, H200 SXM"},
      {"a100", 312e12, 19.5e12, 80e9, 2.039e12, 300e9,
       "NVIDIA A100 Tensor Core GPU data sheet, A100 80GB SXM"},
      {"b200", 2250e12, 75e12, 180e9, 7.7e12, 900e9,
       "NVIDIA Blackwell data sheet, one GPU of HGX B200"},
  };
  return sheets;
}

const DataSheet& data_sheet(std::string_view device) {
  std::vector<std::string> known;
  for (const DataSheet& sheet : data_sheets()) {
    if (sheet.device == device) return sheet;
    known.push_back(sheet.device);
  }
  throw InputError("'" + std::string(device) + "' is not a GPU with a known data sheet" +
                   suggestion(std::string(device), known));
}

const DataSheet* data_sheet_of_board(std::string_view driver_name) {
  std::vector<std::string> words(1);
  for (const char c : driver_name) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0)
      words.back().push_back(static_cast<char>(std::tolower(letter)));
    else
      words.emplace_back();
  }
  const auto says = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (says("pcie") || says("nvl")) return nullptr;
  for (const DataSheet& sheet : data_sheets())
    if (says(sheet.device)) return &sheet;
  return nullptr;
}

}  // namespace isoloss
