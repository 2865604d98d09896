#include "harness/cli/eval_request.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>
#include <system_error>
#include <utility>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/study_folder.h"
#include "results/task_scores_file.h"
#include "results/usable_run.h"
#include "sweeps/plan.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

// The trial that the run's last evaluation answers; absent while it is not finished.
std::optional<EvalCandidate> candidate_of(const StudyFolder& folder, const std::string& id) {
  const std::optional<RunRecord> run = read_usable_run(folder, id, tell);
  if (!run || run->state != RunState::Finished || run->evaluations.empty()) return std::nullopt;
  const Evaluation& last = run->evaluations.back();
  for (const BudgetUnit unit :
       {BudgetUnit::Flops, BudgetUnit::Tokens, BudgetUnit::TokensPerParameter})
    if (last.budget_unit == name_of(unit))
      return EvalCandidate{(folder.root / id).string(), trial_id(id, last.budget, unit), last.step,
                           last.flops};
  return std::nullopt;
}

// The tasks that --task names, or all. InputError for one that is not known.
std::set<std::string> wanted_tasks(const CommandLine& line, const std::vector<std::string>& known) {
  if (!line.has("task")) return {known.begin(), known.end()};
  std::set<std::string> wanted;
  for (const auto& name : line.get<std::vector<std::string>>("task")) {
    if (std::ranges::find(known, name) == known.end())
      throw InputError("--task: '" + name + "' is no task (of these cards)" +
                       suggestion(name, known));
    wanted.insert(name);
  }
  return wanted;
}

TaskSuite own_tasks(const CommandLine& line, std::int64_t shots) {
  std::vector<fs::path> files = card_files(line.get<std::string>("tasks"));
  std::vector<std::string> known;
  for (const fs::path& file : files) known.push_back(file.stem().string());
  const std::set<std::string> wanted = wanted_tasks(line, known);
  std::erase_if(files,
                [&](const fs::path& file) { return !wanted.contains(file.stem().string()); });
  return own_suite(files, shots);
}

std::vector<TaskCard> public_cards(const CommandLine& line) {
  std::vector<TaskCard> cards = built_in_cards(line.get<std::string>("profile"));
  std::vector<std::string> known;
  for (const TaskCard& card : cards) known.push_back(card.task);
  const std::set<std::string> wanted = wanted_tasks(line, known);
  std::erase_if(cards, [&](const TaskCard& card) { return !wanted.contains(card.task); });
  return cards;
}

EvaluationOptions checked_options(const CommandLine& line) {
  if (line.has("data") && line.has("tasks"))
    throw InputError("--data and --tasks are both given (public tasks, or your own); give one");
  if (line.has("tasks") && line.given("profile"))
    throw InputError(
        "--profile is given beside --tasks (it is how public tasks are asked; your own cards say "
        "how theirs are); leave it out");
  const EvaluationOptions options{line.get<std::int64_t>("shots"), line.get<std::uint64_t>("seed")};
  if (options.shots < 0)
    throw InputError(fmt::format("--shots is {} (worked examples); give 0 or more", options.shots));
  check_out(line);
  if (line.has("limit") && line.get<std::int64_t>("limit") < 1)
    throw InputError("--limit is below 1 (items of a task); give 1 or more");
  return options;
}

// Makes the folder; InputError where it cannot be made or written to, before models are loaded.
void require_writable(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure && ::access(folder.c_str(), W_OK | X_OK) != 0)
    failure = std::error_code(errno, std::generic_category());
  if (!failure && !fs::is_directory(folder))
    failure = std::make_error_code(std::errc::not_a_directory);
  if (failure)
    throw InputError(fmt::format("--out: cannot write to {} ({}); name another folder",
                                 folder.string(), failure.message()));
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
      "limit", po::value<std::int64_t>(), "so many asked items of each task, whole passages")(
      "show", po::value<std::int64_t>(),
      "prints the prompts of so many items of each task, scores nothing and needs no model")(
      "out", po::value<std::string>(), "a folder for the raw scores of --model: PROFILE.TASK.h5")(
      "ranks", po::value<int>(), "start so many ranks, which divide the items among them")(
      "launcher", po::value<std::string>()->default_value("mpirun"),
      "what starts them: mpirun, or srun in a Slurm allocation");
}

void check_out(const CommandLine& line) {
  if (line.has("out") && line.has("DIR"))
    throw InputError(
        "--out and a study's folder are both given (its scores lie in DIR/scores); "
        "leave out --out");
}

bool asks_for_tasks(const CommandLine& line) { return line.has("data") || line.has("tasks"); }

void require_step(const EvalCandidate& candidate, std::int64_t step) {
  if (step == candidate.step || candidate.step == 0) return;
  throw InputError(fmt::format(
      "{}: its newest whole checkpoint is of step {} (the trial ends at {}); run the study again "
      "to mend it",
      candidate.name, step, candidate.step));
}

std::vector<EvalCandidate> finished_runs(const StudyFolder& folder) {
  std::vector<EvalCandidate> candidates;
  for (const std::string& id : run_ids(folder))
    if (const auto candidate = candidate_of(folder, id)) candidates.push_back(*candidate);
  if (candidates.empty())
    throw InputError(folder.root.string() +
                     ": no run of it is finished (there is nothing to score); run the study first");
  return candidates;
}

EvalRequest read_eval_request(const CommandLine& line) {
  EvalRequest asked;
  asked.options = checked_options(line);
  if (line.has("data")) {
    std::vector<TaskCard> cards = public_cards(line);
    asked.data.emplace(line.get<std::string>("data"));
    asked.suite = public_suite(std::move(cards), *asked.data);
    if (line.has("task") || asked.suite.tasks.empty()) leave_out_absent(asked.suite);
  } else {
    asked.suite = own_tasks(line, asked.options.shots);
  }
  if (asked.suite.tasks.empty())
    throw InputError("no task is left to score (the first: " + asked.suite.left_out.at(0) +
                     "); mend it, or prepare the data sets that they need");
  if (line.has("limit"))
    keep_some(asked.suite, line.get<std::int64_t>("limit"), asked.options.suite_seed);
  if (line.has("show")) return asked;
  asked.candidates = line.has("DIR")
                         ? finished_runs(StudyFolder{line.get<std::string>("DIR")})
                         : std::vector<EvalCandidate>{{line.get<std::string>("model"), "", 0, 0}};
  if (line.has("out")) require_writable(line.get<std::string>("out"));
  return asked;
}

ScoresPlace scores_place(const CommandLine& line) {
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

}  // namespace isoloss
