#include "harness/oneshot/text_task.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace isoloss {
namespace {

using MakeTask = OneShotTask (*)(const TaskText&);

constexpr std::pair<const char*, MakeTask> kTextTasks[] = {
    {"last-word", last_word_task},       {"continuation", continuation_task},
    {"next-passage", next_passage_task}, {"sentence-order", sentence_order_task},
    {"name-recall", name_recall_task},   {"copying", copying_task},
    {"mapping", mapping_task},
};

}  // namespace

const std::vector<std::string>& text_task_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, make] : kTextTasks) all.emplace_back(name);
    return all;
  }();
  return names;
}

OneShotTask text_task(const std::string& name, const TaskText& source) {
  for (const auto& [known, make] : kTextTasks)
    if (name == known) return make(source);
  throw std::logic_error("no task made from text is called " + name);
}

}  // namespace isoloss
