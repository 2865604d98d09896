#include "harness/cli/show_prompts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/cli/eval_request.h"
#include "harness/cli/print_json.h"
#include "harness/oneshot/item_prompt.h"
#include "harness/oneshot/shots.h"
#include "harness/oneshot/token_boundary.h"
#include "harness/study/study_outcome.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

// Contexts as they are scored: blanks at their end are the answer's.
Json choices_of(const ItemPrompt& prompt) {
  Json choices = Json::array();
  for (const PromptChoice& choice : prompt.choices) {
    auto [context, continuation] = moved_blanks(choice.context, choice.continuation);
    choices.push_back({{"context", std::move(context)},
                       {"continuation", std::move(continuation)},
                       {"gold", choice.gold}});
  }
  return choices;
}

Json prompts_of(const SuiteTask& task, const EvaluationOptions& options, std::size_t most) {
  const TaskCard& card = task.card;
  const std::vector<nlohmann::json> items = asked_items(card, task.data.items);
  const std::vector<nlohmann::json> shown =
      options.shots > 0 ? asked_items(card, task.data.shown) : std::vector<nlohmann::json>{};
  const ShotPool pool(card, shown);
  Json prompts = Json::array();
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
    const ItemPrompt prompt =
        item_prompt(card, items[i], pool.drawn(options.suite_seed, items[i], options.shots));
    Json one = {{"task", card.task},       {"profile", card.profile},
                {"id", items[i].at("id")}, {"choices", choices_of(prompt)},
                {"prompt", nullptr},       {"golds", prompt.golds}};
    if (card.writing) one["prompt"] = prompt.prompt;
    prompts.push_back(std::move(one));
  }
  return prompts;
}

void print_prompt(const Json& prompt) {
  fmt::print("--- {} ({}), item {}\n", prompt.at("task").get<std::string>(),
             prompt.at("profile").get<std::string>(), prompt.at("id").get<std::string>());
  const Json* before = nullptr;  // contexts that are the same are printed once
  for (const Json& choice : prompt.at("choices")) {
    if (before == nullptr || *before != choice.at("context"))
      fmt::print("{}\n", choice.at("context").get<std::string>());
    before = &choice.at("context");
    fmt::print("{} [{}]\n", choice.at("gold").get<bool>() ? "right" : "wrong",
               choice.at("continuation").get<std::string>());
  }
  if (prompt.at("prompt").is_null()) return;
  fmt::print("an answer is written; accepted: {}\n", prompt.at("golds").dump());
}

void check_show(const CommandLine& line) {
  if (line.get<std::int64_t>("show") < 1)
    throw InputError("--show is below 1 (items of a task); give 1 or more");
  if (!asks_for_tasks(line))
    throw InputError(
        "--show is given without --data or --tasks (it shows the prompts of their cards); give "
        "one of them");
  if (line.has("DIR"))
    throw InputError(
        "--show and a study's folder are both given (prompts are the same for every model); leave "
        "out the folder");
  refuse_options(line, {"model", "out", "ranks", "launcher", "threads"},
                 "beside --show (nothing is scored); leave it out");
}

}  // namespace

int show_prompts(const CommandLine& line) {
  check_show(line);
  const EvalRequest asked = read_eval_request(line);
  for (const std::string& left : asked.suite.left_out) tell(left);
  auto failed = asked.suite.left_out.size();
  Json all = Json::array();
  for (const SuiteTask& task : asked.suite.tasks) {
    try {
      for (Json& prompt : prompts_of(task, asked.options,
                                     static_cast<std::size_t>(line.get<std::int64_t>("show"))))
        if (line.has("json"))
          all.push_back(std::move(prompt));
        else
          print_prompt(prompt);
    } catch (const InputError& error) {
      ++failed;
      tell(error.what());
    }
  }
  if (line.has("json")) print_json(Json{{"prompts", all}});
  return failed > 0 ? kExitFailed : kExitDone;
}

}  // namespace isoloss
