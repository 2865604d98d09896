#include "harness/cli/eval_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/model_scorer.h"
#include "harness/named_model.h"
#include "harness/oneshot/datasets/task_data_file.h"
#include "harness/oneshot/metrics.h"
#include "harness/task_suite.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/study_folder.h"
#include "results/task_scores_file.h"
#include "sweeps/plan.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

void tell(const std::string& problem) { fmt::print(stderr, "isoloss: {}\n", problem); }

// A model to score, and how its scores are labelled.
struct Candidate {
  std::string name;  // as load_named_model takes it
  std::string trial;
  std::int64_t step = 0;  // that its checkpoint must be of; 0 of a model from elsewhere
  double flops = 0;
};

// The trial that the run's last evaluation answers; absent while it is not finished.
std::optional<Candidate> candidate_of(const StudyFolder& folder, const std::string& id) {
  const std::optional<RunRecord> run = read_run(folder, id);
  if (!run || run->state != RunState::Finished || run->evaluations.empty()) return std::nullopt;
  const Evaluation& last = run->evaluations.back();
  for (const BudgetUnit unit :
       {BudgetUnit::Flops, BudgetUnit::Tokens, BudgetUnit::TokensPerParameter})
    if (last.budget_unit == name_of(unit))
      return Candidate{(folder.root / id).string(), trial_id(id, last.budget, unit), last.step,
                       last.flops};
  return std::nullopt;
}

std::vector<Candidate> candidates_of(const StudyFolder& folder) {
  std::vector<Candidate> candidates;
  for (const std::string& id : run_ids(folder))
    if (const auto candidate = candidate_of(folder, id)) candidates.push_back(*candidate);
  if (candidates.empty())
    throw InputError(folder.root.string() +
                     ": no run of it is finished (there is nothing to score); run the study first");
  return candidates;
}

std::vector<TaskCard> chosen(std::vector<TaskCard> cards, const CommandLine& line) {
  if (!line.has("task")) return cards;
  const auto wanted = line.get<std::vector<std::string>>("task");
  std::vector<std::string> known;
  for (const TaskCard& card : cards) known.push_back(card.task);
  for (const std::string& name : wanted)
    if (std::ranges::find(known, name) == known.end())
      throw InputError("--task: '" + name + "' is no task (of these cards)" +
                       suggestion(name, known));
  std::erase_if(cards, [&](const TaskCard& card) {
    return std::ranges::find(wanted, card.task) == wanted.end();
  });
  return cards;
}

TaskSuite suite_of(const CommandLine& line, std::vector<TaskCard> cards,
                   const std::optional<TaskDataFile>& data, const EvaluationOptions& options) {
  TaskSuite suite =
      data ? public_suite(std::move(cards), *data) : own_suite(std::move(cards), options.shots);
  for (const std::string& left : suite.left_out) tell(left);
  if (suite.tasks.empty())
    throw InputError("no task is left to score (see above); prepare the data sets they need");
  if (line.has("limit")) keep_some(suite, line.get<std::int64_t>("limit"), options.suite_seed);
  return suite;
}

// Where the scores of a task are kept; empty where nobody asked for a place.
using ScoresPlace = std::function<fs::path(const TaskScores&)>;

ScoresPlace place_of(const CommandLine& line) {
  if (line.has("DIR"))
    return [folder = StudyFolder{line.get<std::string>("DIR")}](const TaskScores& scores) {
      return task_scores_path(folder, scores);
    };
  if (line.has("out"))
    return [folder = fs::path(line.get<std::string>("out"))](const TaskScores& scores) {
      return folder / (scores.profile + "." + scores.task + ".h5");
    };
  return [](const TaskScores&) { return fs::path(); };
}

// What was scored before by the same card, data and options.
std::optional<TaskScores> stored_scores(const fs::path& path, const SuiteTask& task,
                                        const TaskScores& model, const EvaluationOptions& options) {
  if (path.empty() || !fs::exists(path)) return std::nullopt;
  TaskScores there = read_task_scores(path);
  const bool same = there.card_digest == task.card.digest && there.model == model.model &&
                    there.data_digest == task.data.digest && there.shots == options.shots &&
                    there.suite_seed == static_cast<std::int64_t>(options.suite_seed) &&
                    there.tokenizer == model.tokenizer &&
                    there.items.size() >= task.data.items.size();
  if (!same) return std::nullopt;
  return there;
}

nlohmann::ordered_json scores_json(const TaskScores& scores) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const double bits = gold_bits_per_byte(scores.rows);
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    rows.push_back({{"trial", scores.trial},
                    {"model", scores.model},
                    {"task", scores.task},
                    {"profile", scores.profile},
                    {"metric", scores.metrics[m]},
                    {"value", scores.figures.at(m).value},
                    {"standard_error", scores.figures.at(m).standard_error},
                    {"n", scores.items.size()},
                    {"chance", m == 0 ? nlohmann::ordered_json(scores.chance) : nullptr},
                    {"gold_bits_per_byte", bits > 0 ? nlohmann::ordered_json(bits) : nullptr},
                    {"contaminated", std::ranges::count_if(scores.items, &TaskItem::contaminated)},
                    {"truncated", std::ranges::count_if(scores.items, [](const TaskItem& item) {
                       return item.truncated_tokens > 0;
                     })}});
  return rows;
}

void print_scores(const TaskScores& scores) {
  for (std::size_t m = 0; m < scores.metrics.size(); ++m)
    fmt::print("{:<26} {:<8} {:<14} {:<14} {:>9.4f} {:>7.4f} {:>7}{}\n",
               scores.trial.empty() ? scores.model : scores.trial, scores.profile, scores.task,
               scores.metrics[m], scores.figures.at(m).value, scores.figures.at(m).standard_error,
               scores.items.size(), m == 0 ? fmt::format(" {:>7.3f}", scores.chance) : "");
}

// Every task of one model; returns how many could not be scored, which is told. What is stored
// already is not scored again, and the rest is stored.
int score_model(const TaskSuite& suite, const NamedModel& named, const Candidate& candidate,
                const ScoresPlace& place, const EvaluationOptions& options,
                const std::function<void(const TaskScores&)>& show) {
  TaskScores model;
  model.model = named.run.empty() ? candidate.name : named.run;
  model.trial = candidate.trial;
  model.step = named.step;
  model.flops = candidate.flops;
  model.tokenizer = named.identity.name;
  ModelScorer scorer(named.model, *named.tokenizer, named.first);
  int failed = 0;
  for (const SuiteTask& task : suite.tasks) {
    try {
      model.task = task.card.task;
      model.profile = task.card.profile;
      const fs::path path = place(model);
      std::optional<TaskScores> scores = stored_scores(path, task, model, options);
      if (!scores) {
        scores = score_task(task, scorer, model, options);
        if (!path.empty()) write_task_scores(path, *scores);
      }
      show(*scores);
    } catch (const InputError& error) {
      ++failed;
      tell(error.what());
    }
  }
  return failed;
}

}  // namespace

void add_task_options(CommandLine& line) {
  line.add()("data", po::value<std::string>(),
             "task data file of isoloss data prepare-tasks: scores the public tasks it holds")(
      "profile", po::value<std::string>()->default_value("gpt3"),
      "how those are asked: gpt3, or lmeval as lm-evaluation-harness asks")(
      "tasks", po::value<std::string>(), "a folder of your own task cards, items beside them")(
      "task", po::value<std::vector<std::string>>()->multitoken(), "these tasks alone")(
      "shots", po::value<std::int64_t>()->default_value(1), "worked examples before each item")(
      "seed", po::value<std::uint64_t>()->default_value(0), "of which examples are shown")(
      "limit", po::value<std::int64_t>(), "items of each task, some so many")(
      "out", po::value<std::string>(), "a folder for the raw scores of --model: PROFILE.TASK.h5");
}

bool asks_for_tasks(const CommandLine& line) { return line.has("data") || line.has("tasks"); }

int eval_tasks(const CommandLine& line) {
  if (line.has("data") && line.has("tasks"))
    throw InputError("--data and --tasks are both given (public tasks, or your own); give one");
  const EvaluationOptions options{line.get<std::int64_t>("shots"), line.get<std::uint64_t>("seed")};
  if (options.shots < 0)
    throw InputError(fmt::format("--shots is {} (worked examples); give 0 or more", options.shots));
  if (line.has("out") && line.has("DIR"))
    throw InputError(
        "--out and a study's folder are both given (its scores lie in DIR/scores); "
        "leave out --out");
  if (line.has("limit") && line.get<std::int64_t>("limit") < 1)
    throw InputError("--limit is below 1 (items of a task); give 1 or more");
  std::vector<TaskCard> cards =
      chosen(line.has("tasks") ? cards_in(line.get<std::string>("tasks"))
                               : built_in_cards(line.get<std::string>("profile")),
             line);
  std::optional<TaskDataFile> data;
  if (line.has("data")) data.emplace(line.get<std::string>("data"));
  const TaskSuite suite = suite_of(line, std::move(cards), data, options);

  const bool study = line.has("DIR");
  const std::vector<Candidate> candidates =
      study ? candidates_of(StudyFolder{line.get<std::string>("DIR")})
            : std::vector<Candidate>{{line.get<std::string>("model"), "", 0, 0}};
  const bool json = line.has("json");
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  const auto show = [&](const TaskScores& scores) {
    if (json)
      for (auto& row : scores_json(scores)) rows.push_back(std::move(row));
    else
      print_scores(scores);
  };
  if (!json)
    fmt::print("{:<26} {:<8} {:<14} {:<14} {:>9} {:>7} {:>7} {:>7}\n", study ? "trial" : "model",
               "profile", "task", "metric", "value", "+-", "n", "chance");
  int failed = static_cast<int>(suite.left_out.size());
  for (const Candidate& candidate : candidates) {
    try {
      const NamedModel named = load_named_model(candidate.name, tell);
      if (named.step != candidate.step && study)
        throw InputError(fmt::format(
            "{}: its newest whole checkpoint is of step {} (the trial ends at {}); run the study "
            "again to mend it",
            candidate.name, named.step, candidate.step));
      if (data) data->require_tokenizer(named.identity.hash, candidate.name);
      failed += score_model(suite, named, candidate, place_of(line), options, show);
    } catch (const InputError& error) {
      if (!study) throw;
      ++failed;
      tell(error.what());
    }
  }
  if (json) fmt::print("{}\n", nlohmann::ordered_json{{"scores", rows}}.dump());
  return failed > 0 ? 1 : 0;
}

}  // namespace isoloss
