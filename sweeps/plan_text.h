// A plan for people and for programs: what it costs, predicted from exact FLOPs and an assumed
// rate, and the schedule that N ranks would follow.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sweeps/device_rate.h"
#include "sweeps/plan.h"
#include "sweeps/run_ranks.h"

namespace isoloss {

// The object of `plan --json`; keys in docs/format.md. Only runs that the totals expect are listed.
nlohmann::ordered_json plan_json(const StudyPlan& plan, const PlanRanks& ranks,
                                 const DeviceRate& rate);

// The same as a table.
std::string plan_table(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate);

}  // namespace isoloss
