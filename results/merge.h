// Joins folders of one study that was run in several places: every run, decision and token file of
// any of them, each once. Where two folders say different things nothing is made.
#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/claim_observer.h"
#include "results/run_record.h"
#include "results/study_folder.h"

namespace isoloss {

struct Merge {
  std::size_t runs = 0;
  std::size_t decisions = 0;
  std::size_t shared = 0;              // runs that several folders hold
  std::size_t scores_left = 0;         // files of scores left behind with none in their place
  std::vector<std::size_t> runs_from;  // by source: how many of the runs come from it
};

// Makes the folder `out`, whole or not at all; the sources stay as they are. `study_text` is its
// study.yaml. Of a run that several hold the furthest is taken, with the evaluations and scores of
// the others, which must be the same numbers; files of scores as join_scores says; attempts come
// with it, claims do not. InputError where `out` is there already, a source is missing or damaged
// (repair it first); WorkError naming the run, decision or token file in which two sources differ,
// or a source that is being trained (as in repair.h).
Merge merge_studies(std::span<const StudyFolder> sources, const std::string& study_text,
                    const std::filesystem::path& out,
                    std::chrono::milliseconds patience = kClaimPatience);

// Writes the run of that id, as those of `sources` that hold it say, into the folder `out`; returns
// the source that it comes from, absent where none holds any of it. WorkError where they differ.
struct JoinedRun {
  std::size_t source = 0;
  std::size_t holders = 0;
  std::vector<std::size_t> trained;  // sources that hold steps of it
};
std::optional<JoinedRun> join_run(std::span<const StudyFolder> sources, const std::string& id,
                                  const StudyFolder& out);

// Copies every file of scores, each once: of those of one name the fullest, before others of its
// size that of the source from which the run comes. What a folder has that does not hold the run is
// of other weights where another does, and stays behind; returns of how many names `out` lacks all.
// WorkError where two say different things (score_difference.h).
std::size_t join_scores(std::span<const StudyFolder> sources,
                        const std::map<std::string, JoinedRun>& runs, const StudyFolder& out);

}  // namespace isoloss
