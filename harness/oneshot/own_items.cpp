#include "harness/oneshot/own_items.h"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "model/spec/error.h"
#include "model/spec/lone_surrogate.h"
#include "results/durable_file.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

// The file's items; its bytes are appended to `all`.
std::vector<nlohmann::json> items_of_file(const TaskCard& card, const std::string& split,
                                          std::string& all) {
  const std::filesystem::path path =
      std::filesystem::path(card.file).parent_path() / fmt::format("{}.{}.jsonl", card.data, split);
  if (!std::filesystem::exists(path))
    throw InputError(
        fmt::format("{}: cannot read the items of task {} (there is no such file); "
                    "write one JSON object a line there",
                    path.string(), card.task));
  const std::string text = read_file(path);
  all += text;
  std::vector<nlohmann::json> items;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    items.push_back(nlohmann::json::parse(line, nullptr, false));
    if (const auto escape = lone_surrogate(line); items.back().is_discarded() && !escape.empty())
      throw InputError(
          fmt::format("{}:{}: {}", path.string(), number, lone_surrogate_refusal(escape)));
    if (!items.back().is_object())
      throw InputError(
          fmt::format("{}:{}: no JSON object (one item a line is wanted); mend the "
                      "line",
                      path.string(), number));
    if (!items.back().contains("group") && items.back().contains("id"))
      items.back()["group"] = items.back()["id"];  // shares nothing with others
  }
  if (items.empty())
    throw InputError(path.string() +
                     ": no items (the file is empty); write one JSON object a line");
  return items;
}

}  // namespace

EvaluationItems items_beside_card(const TaskCard& card, std::int64_t shots) {
  std::string all;
  EvaluationItems data;
  data.items = items_of_file(card, card.split, all);
  if (shots > 0) data.shown = items_of_file(card, card.shots_from, all);
  data.digest = fmt::format("{:016x}", checksum(all));
  return data;
}

}  // namespace isoloss
