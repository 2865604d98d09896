#include "harness/cli/eval_tasks.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/agreed.h"
#include "harness/cli/eval_ranks.h"
#include "harness/cli/score_listing.h"
#include "harness/gather_bytes.h"
#include "harness/model_scorer.h"
#include "harness/mpi_communicator.h"
#include "harness/named_model.h"
#include "harness/oneshot/datasets/task_data_file.h"
#include "harness/shared_scorer.h"
#include "harness/stop_signal.h"
#include "harness/study_outcome.h"
#include "harness/supervised.h"
#include "harness/task_suite.h"
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
  const std::optional<RunRecord> run = read_usable_run(folder, id, tell);
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
  if (suite.tasks.empty())
    throw InputError("no task is left to score (the first: " + suite.left_out.at(0) +
                     "); prepare the data sets they need");
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

// The ranks that score together, of which the first speaks and stores.
struct Scoring {
  Communicator& ranks;
  std::function<bool()> stop;
  const TaskSuite& suite;
  EvaluationOptions options;
  ScoresPlace place;
  std::function<void(const TaskScores&)> show;

  bool leads() const { return ranks.rank() == 0; }
};

// Does `work` on every rank and throws on all of them what one of them threw; collective.
template <typename Work>
auto on_every_rank(Communicator& ranks, const Work& work) {
  std::optional<decltype(work())> result;
  std::string problem;
  try {
    result.emplace(work());
  } catch (const InputError& error) {
    problem = error.what();
  }
  for (const std::string& its : gather_bytes(ranks, problem))
    if (!its.empty()) throw InputError(its);
  return std::move(*result);
}

// Every task of one model; returns how many could not be scored, which is told. What is stored
// already is not scored again, and the rest is stored.
int score_model(const Scoring& scoring, const NamedModel& named, const Candidate& candidate) {
  TaskScores model;
  model.model = named.run.empty() ? candidate.name : named.run;
  model.trial = candidate.trial;
  model.step = named.step;
  model.flops = candidate.flops;
  model.tokenizer = named.identity.name;
  ModelScorer own(named.model, *named.tokenizer, named.first);
  SharedScorer scorer(own, scoring.ranks, scoring.stop);
  int failed = 0;
  for (const SuiteTask& task : scoring.suite.tasks) {
    try {
      model.task = task.card.task;
      model.profile = task.card.profile;
      const fs::path path = scoring.place(model);
      std::optional<TaskScores> scores = on_every_rank(scoring.ranks, [&] {
        return scoring.leads() ? stored_scores(path, task, model, scoring.options) : std::nullopt;
      });
      if (!agreed(!scores, scoring.ranks)) {
        if (scores) scoring.show(*scores);
        continue;
      }
      scores = score_task(task, scorer, model, scoring.options);
      if (!scoring.leads()) continue;
      if (!path.empty()) write_task_scores(path, *scores);
      scoring.show(*scores);
    } catch (const InputError& error) {
      ++failed;
      if (scoring.leads()) tell(error.what());
    }
  }
  return failed;
}

int score_candidate(const Scoring& scoring, const Candidate& candidate,
                    const std::optional<TaskDataFile>& data) {
  const NamedModel named = on_every_rank(scoring.ranks, [&] {
    NamedModel loaded = load_named_model(candidate.name, [&](const std::string& problem) {
      if (scoring.leads()) tell(problem);
    });
    if (loaded.step != candidate.step && candidate.step > 0)
      throw InputError(fmt::format(
          "{}: its newest whole checkpoint is of step {} (the trial ends at {}); run the study "
          "again to mend it",
          candidate.name, loaded.step, candidate.step));
    if (data) data->require_tokenizer(loaded.identity.hash, candidate.name);
    return loaded;
  });
  return score_model(scoring, named, candidate);
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
      "out", po::value<std::string>(), "a folder for the raw scores of --model: PROFILE.TASK.h5")(
      "ranks", po::value<int>(), "start so many ranks, which divide the items among them")(
      "launcher", po::value<std::string>()->default_value("mpirun"),
      "what starts them: mpirun, or srun in a Slurm allocation");
}

bool asks_for_tasks(const CommandLine& line) { return line.has("data") || line.has("tasks"); }

namespace {

// What a command line asks for, read and checked before any model is loaded.
struct Asked {
  EvaluationOptions options;
  std::optional<TaskDataFile> data;
  TaskSuite suite;
  std::vector<Candidate> candidates;
};

EvaluationOptions checked_options(const CommandLine& line) {
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
  return options;
}

Asked read_asked(const CommandLine& line) {
  Asked asked;
  asked.options = checked_options(line);
  std::vector<TaskCard> cards =
      chosen(line.has("tasks") ? cards_in(line.get<std::string>("tasks"))
                               : built_in_cards(line.get<std::string>("profile")),
             line);
  if (line.has("data")) asked.data.emplace(line.get<std::string>("data"));
  asked.suite = suite_of(line, std::move(cards), asked.data, asked.options);
  asked.candidates = line.has("DIR")
                         ? candidates_of(StudyFolder{line.get<std::string>("DIR")})
                         : std::vector<Candidate>{{line.get<std::string>("model"), "", 0, 0}};
  return asked;
}

int score_asked(const CommandLine& line, const Asked& asked, Communicator& ranks) {
  const bool leads = ranks.rank() == 0, study = line.has("DIR");
  if (leads)
    for (const std::string& left : asked.suite.left_out) tell(left);
  ScoreListing listing(line.has("json"), study);
  const std::atomic<bool>& signalled = stop_on_signals();
  const Scoring scoring{ranks,          [&] { return agreed(signalled, ranks); },
                        asked.suite,    asked.options,
                        place_of(line), [&](const TaskScores& scores) { listing.add(scores); }};
  if (leads) listing.begin();
  int failed = static_cast<int>(asked.suite.left_out.size());
  for (const Candidate& candidate : asked.candidates) {
    try {
      failed += score_candidate(scoring, candidate, asked.data);
    } catch (const InputError& error) {
      if (!study) throw;
      ++failed;
      if (leads) tell(error.what());
    }
  }
  if (leads) listing.end();
  return failed > 0 ? kExitFailed : kExitDone;
}

}  // namespace

int eval_tasks(const CommandLine& line, Arguments arguments) {
  if (line.has("ranks") && !is_supervised()) {
    read_asked(line);  // for its checks: said once
    return eval_with_ranks(line, arguments);
  }
  const auto ranks = make_communicator();
  // One rank's words and status count.
  const auto status_of_job = [&](int status) { return ranks->rank() == 0 ? status : kExitDone; };
  try {
    const Asked asked = on_every_rank(*ranks, [&] { return read_asked(line); });
    return status_of_job(score_asked(line, asked, *ranks));
  } catch (const Stopped&) {
    if (ranks->rank() == 0) tell("stopped; run it again to score the rest");
    return status_of_job(kExitStopped);
  } catch (const InputError& error) {
    if (ranks->size() == 1) throw;
    if (ranks->rank() == 0) tell(error.what());
    return status_of_job(kExitBadInput);
  } catch (const std::exception& error) {
    if (ranks->size() == 1) throw;
    // The others wait for this rank: the job must end.
    tell(error.what());
    std::fflush(stderr);
    ::_exit(kExitFailed);
  }
}

}  // namespace isoloss
