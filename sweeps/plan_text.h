// A plan for people and for programs: what it costs, predicted from exact FLOPs and an assumed
// rate, and the schedule that N ranks would follow.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sweeps/plan.h"

namespace isoloss {

// Training speed that predictions rest on, in exact FLOPs per second and core or device.
struct DeviceRate {
  std::string device;
  double flops_per_second = 0;
  double lowest = 0, highest = 0;  // the interval of predictions
};

// Rates by device name; InputError with the nearest name for one without a measured rate.
DeviceRate device_rate(const std::string& device);

// Seconds until `ranks` one-rank workers have finished, by running the schedule itself with the
// expected winners.
double makespan_seconds(const StudyPlan& plan, int ranks, const DeviceRate& rate);

// For whom it is planned.
struct PlanRanks {
  int ranks = 1;
  double bytes_per_rank = 0;  // of memory
};

// The object of `plan --json`; keys in docs/format.md. Only runs that the totals expect are listed.
nlohmann::ordered_json plan_json(const StudyPlan& plan, const PlanRanks& ranks,
                                 const DeviceRate& rate);

// The same as a table.
std::string plan_table(const StudyPlan& plan, const PlanRanks& ranks, const DeviceRate& rate);

}  // namespace isoloss
