#include "harness/cli/status_text.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "harness/progress/progress_text.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kBarWidth = 10;

bool is_shown(const TrialStatus& trial, bool all) {
  return all || trial.state == "running" || trial.failed();
}

// A whole per cent, 100 where all of it is there and not before.
std::int64_t percent(const TrialStatus& trial) {
  return trial.steps > 0 ? 100 * trial.step / trial.steps : 0;
}

std::string rate_text(const TrialStatus& trial) {
  return trial.learning_rate ? fmt::format("lr {:g}", *trial.learning_rate) : "lr searched";
}

std::string failure_line(const TrialStatus& trial) {
  const std::string attempts =
      trial.attempts == 0
          ? ""
          : fmt::format(" after {} attempt{}", trial.attempts, trial.attempts == 1 ? "" : "s");
  return fmt::format("failed: {} ({} {}, {}, seed {}){}: {}\n", trial.trial, trial.architecture,
                     trial.size, rate_text(trial), trial.seed, attempts, trial.reason);
}

// What all entries of a trial say of it.
Json named(const TrialStatus& trial) {
  Json json = {{"trial", trial.trial},
               {"architecture", trial.architecture},
               {"size", trial.size},
               {"learning_rate", nullptr},
               {"seed", trial.seed}};
  if (trial.learning_rate) json["learning_rate"] = *trial.learning_rate;
  return json;
}

// As the sum counts it: a trial whose search has no winner is one that failed.
std::string shown_state(const TrialStatus& trial) {
  return trial.state == "skipped" ? "failed" : trial.state;
}

}  // namespace

std::string trial_line(const TrialStatus& trial) {
  std::string bar(kBarWidth, '.');
  bar.replace(0, static_cast<std::size_t>(kBarWidth * percent(trial) / 100),
              static_cast<std::size_t>(kBarWidth * percent(trial) / 100), '#');
  return fmt::format("{:<11} [{}] {:>3} %  {} {}  {}  seed {}  {}", shown_state(trial), bar,
                     percent(trial), trial.architecture, trial.size, rate_text(trial), trial.seed,
                     trial.budget);
}

std::string status_text(const StudyFolder& folder, const std::string& study,
                        const StudyStatus& status, bool all) {
  std::string text = fmt::format("{}: {:.0f} % of the compute", study, 100 * status.progress);
  if (status.flops_per_second > 0)
    text += fmt::format(", {:.1e} FLOP/s, {:.1f}k tokens/s", status.flops_per_second,
                        status.tokens_per_second / 1000);
  if (status.eta_seconds)
    text += fmt::format(", about {} left", duration_text(*status.eta_seconds));
  text +=
      fmt::format("\ntrials: {} done, {} running, {} waiting, {} failed, {} quarantined\n",
                  status.done, status.running, status.waiting, status.failed, status.quarantined);
  if (std::filesystem::exists(folder.stop_file()))
    text +=
        fmt::format("stopped by the file {}: remove it to go on\n", folder.stop_file().string());
  for (const TrialStatus& trial : status.trials)
    if (is_shown(trial, all)) text += trial_line(trial) + "\n";
  for (const RankReport& report : status.ranks) text += fmt::format("  {}\n", rank_line(report));
  for (const TrialStatus& trial : status.trials)
    if (trial.failed()) text += failure_line(trial);
  return text;
}

Json status_json(const StudyStatus& status, bool all) {
  Json failures = Json::array(), trials = Json::array();
  for (const TrialStatus& trial : status.trials) {
    Json json = named(trial);
    if (trial.failed()) {
      failures.push_back(json);
      failures.back()["attempts"] = trial.attempts;
      failures.back()["reason"] = trial.reason;
    }
    if (!is_shown(trial, all)) continue;
    json["budget"] = trial.budget;
    json["state"] = trial.state;
    json["step"] = trial.step;
    json["steps"] = trial.steps;
    trials.push_back(std::move(json));
  }
  Json json = {{"trials",
                {{"done", status.done},
                 {"running", status.running},
                 {"waiting", status.waiting},
                 {"failed", status.failed},
                 {"quarantined", status.quarantined}}},
               {"failures", std::move(failures)},
               {"progress", status.progress},
               {"eta_seconds", nullptr},
               {"flops_per_second", status.flops_per_second},
               {"tokens_per_second", status.tokens_per_second},
               {"trial_states", std::move(trials)}};
  if (status.eta_seconds) json["eta_seconds"] = *status.eta_seconds;
  return json;
}

}  // namespace isoloss
