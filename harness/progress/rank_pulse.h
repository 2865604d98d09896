// Whether anybody renews what ranks report. The reader's clock may differ from the file server's,
// so that alone the age of a file proves neither life nor death: where it is not of this half
// minute the reader waits for a change, as who takes over a claim does (docs/reliability.md).
#pragma once
#include <chrono>
#include <span>

#include "harness/progress/rank_report.h"
#include "results/study_folder.h"

namespace isoloss {

// True at once where the newest report is less than `freshness` old by this machine's clock; else
// where a report, or a claim on a run that `reports` name, changes within `patience`: claims beat
// every two seconds. Writes nothing.
bool has_pulse(const StudyFolder& folder, std::span<const RankReport> reports,
               std::chrono::milliseconds patience = std::chrono::seconds(5),
               std::chrono::seconds freshness = std::chrono::seconds(30));

}  // namespace isoloss
