// Everything the report says about a study, gathered once: its points and runs, the frontier of
// each architecture, and every comparison asked for with its outcome or the reason it was refused.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analysis/fit/frontier.h"
#include "analysis/points/points.h"
#include "analysis/points/points_digest.h"
#include "analysis/report/report.h"
#include "analysis/report/report_failures.h"
#include "analysis/report/report_laws.h"
#include "analysis/report/report_optima.h"
#include "analysis/report/report_replicates.h"
#include "analysis/report/report_tasks.h"
#include "analysis/savings/savings.h"
#include "results/study_makespan.h"

namespace isoloss {

struct Comparison {
  std::string baseline, candidate;
  bool wall_clock = false;
  std::optional<Savings> savings;
  std::string refusal;  // why there is none
};

struct ArchitectureFrontier {
  std::optional<Frontier> frontier;
  std::vector<Optimum> optima;  // one for each point of the frontier
  std::optional<Fit> law;  // power law along it; only where a floor is known or it stands alone
  std::string refusal;     // why there is no law
};

struct StudyResults {
  std::string name;
  std::vector<std::string> sources;
  PointTable all;                               // results, arms and checks
  PointTable results;                           // results alone: what savings are made of
  std::vector<std::string> architectures;       // the order of colours and markers
  std::vector<ArchitectureFrontier> frontiers;  // by architecture
  std::vector<ArchitectureLaw> laws;            // by architecture
  std::string baseline;                         // empty with one architecture
  std::vector<Comparison> comparisons;          // in pairs: in FLOPs, then the same in seconds
  std::vector<TaskScores> scores;               // of files of scores, without the rows of choices
  std::vector<std::string> unread_scores;       // files that cannot be read, and why
  std::vector<StudyTask> tasks;                 // one-shot tasks, by name
  std::vector<FailedRun> failed;
  std::vector<StudyMakespan> makespans;  // of sources that know theirs
  std::vector<Replicates> replicates;
  SeedNoise seed_noise;
  InputDigest digest;
  std::vector<std::string> notes;  // said beside the headline

  bool from_csv() const { return all.runs.empty(); }  // then nothing is known of the training
};

// Reads the folders as one study, duplicate runs once; or one CSV of points. InputError: nothing
// there, folders that do not compare, a CSV beside other sources, a baseline that is not there (the
// default falls back to the first architecture). `points`: what read_sources read, where somebody
// did.
StudyResults read_study(const std::vector<std::filesystem::path>& sources,
                        const ReportOptions& options,
                        std::optional<PointTable> points = std::nullopt);

// 1-based place of the architecture among the study's: its colour and marker in every plot.
int style_of(const StudyResults& study, const std::string& architecture);

// What the report asks of compute_savings for a comparison.
SavingsOptions savings_options(const Comparison& comparison, const ReportOptions& options);

// `candidate` over `baseline`, with the reason where there is no saving to tell.
Comparison compare(const PointTable& results, const std::string& baseline,
                   const std::string& candidate, bool wall_clock, const ReportOptions& options);

// d loss / d ln compute along the frontier's last step, negative; NaN where it has none.
double last_slope(const ArchitectureFrontier& frontier);

const RunRecord* find_run(const StudyResults& study, const std::string& id);

}  // namespace isoloss
