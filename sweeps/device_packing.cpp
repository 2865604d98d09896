#include "sweeps/device_packing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "model/spec/error.h"
#include "sweeps/quantity_text.h"

namespace isoloss {
namespace {

// Fewer ranks a device may take so much longer than the number that ends earliest.
constexpr double kNearlyEarliest = 1.02;

MeasuredStep scaled(const MeasuredStep& step, double by) {
  return {step.seconds * by, step.fastest * by, step.slowest * by};
}

MeasuredStep between(const MeasuredStep& from, const MeasuredStep& to, double share) {
  const auto at = [share](double a, double b) { return a + share * (b - a); };
  return {at(from.seconds, to.seconds), at(from.fastest, to.fastest), at(from.slowest, to.slowest)};
}

// ", a, b and c"; nothing of nothing.
std::string enumerated(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i > 0 && i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

// A rate of one of several ranks that share a device.
DeviceRate packed_rate(const DeviceRate& alone, const PackedStepTimes& measured, int ranks) {
  DeviceRate rate = alone;
  rate.flops_per_second /= ranks;
  rate.lowest /= ranks;
  rate.highest /= ranks;
  rate.memory_bytes /= ranks;
  rate.steps.clear();
  if (const auto single = measured.find(1); single != measured.end())
    for (const auto& [key, step] : single->second)
      rate.steps.emplace(key, packed_step(measured, key, ranks).value());
  return rate;
}

// The run that takes most of a rank's memory where ranks train as `layouts` say, and what it takes.
std::pair<std::size_t, double> largest_run(const StudyPlan& plan,
                                           const std::vector<RankLayout>& layouts) {
  std::pair<std::size_t, double> largest{0, 0};
  for (std::size_t run = 0; run < plan.runs.size(); ++run)
    if (const double bytes = memory_per_rank(plan.runs[run].spec, layouts[run]);
        bytes > largest.second)
      largest = {run, bytes};
  return largest;
}

// Why the study cannot be trained so; absent where it can.
std::optional<std::string> obstacle(const StudyPlan& plan, const JobDevices& devices,
                                    const RankPlan& ranks, int ranks_per_device) {
  const double room = bytes_per_packed_rank(devices, ranks_per_device);
  const auto [run, bytes] = largest_run(plan, ranks.layouts);
  if (bytes > room)
    return fmt::format("run {} takes {} of {}", plan.runs[run].id, bytes_text(bytes),
                       bytes_text(std::max(room, 0.0)));
  for (std::size_t r = 0; r < ranks.runs.size(); ++r)
    if (ranks.runs[r].planned > devices.on_machine)
      return fmt::format("run {} is to be shared by {} ranks, and a machine has {} devices",
                         plan.runs[r].id, ranks.runs[r].planned, devices.on_machine);
  return std::nullopt;
}

}  // namespace

std::optional<MeasuredStep> packed_step(const PackedStepTimes& measured, const std::string& key,
                                        int ranks) {
  std::map<int, MeasuredStep> of_kind;
  for (const auto& [count, steps] : measured)
    if (const auto step = steps.find(key); step != steps.end())
      of_kind.emplace(count, step->second);
  if (!of_kind.contains(1)) return std::nullopt;
  const auto above = of_kind.lower_bound(ranks);
  if (above == of_kind.end()) {
    const auto& [most, step] = *of_kind.rbegin();
    return scaled(step, static_cast<double>(ranks) / most);
  }
  if (above->first == ranks) return above->second;
  const auto below = std::prev(above);
  return between(below->second, above->second,
                 static_cast<double>(ranks - below->first) / (above->first - below->first));
}

double packing_gain(const PackedStepTimes& measured, const std::string& key, int ranks) {
  const auto alone = packed_step(measured, key, 1), packed = packed_step(measured, key, ranks);
  if (!alone || !packed) return 1;
  return ranks * alone->seconds / packed->seconds;
}

double bytes_per_packed_rank(const JobDevices& devices, int ranks_per_device) {
  return devices.bytes / ranks_per_device - devices.process_bytes;
}

DevicePacking choose_packing(const StudyPlan& plan, const JobDevices& devices,
                             const PackedStepTimes& measured, const DeviceRate& rate, int most) {
  std::vector<DevicePacking> possible;
  std::string refused;
  for (int ranks = 1; ranks <= most; ranks *= 2) {
    const DeviceRate of_rank = packed_rate(rate, measured, ranks);
    RankPlan planned = plan_ranks(plan,
                                  {.ranks = devices.devices * ranks,
                                   .bytes_per_rank = bytes_per_packed_rank(devices, ranks),
                                   .sharing = ranks > 1 ? devices.on_machine : 0},

                                  of_rank);
    const auto problem = ranks > 1 ? obstacle(plan, devices, planned, ranks) : std::nullopt;
    if (problem) {
      refused = fmt::format("; {} would not do ({})", ranks, *problem);
      break;  // more would have less memory still
    }
    possible.push_back({ranks, std::move(planned), "", of_rank});
  }
  const auto seconds = [](const DevicePacking& packing) { return packing.plan.schedule.seconds; };
  const double earliest = seconds(*std::ranges::min_element(possible, {}, seconds));
  DevicePacking chosen = *std::ranges::find_if(possible, [&](const DevicePacking& packing) {
    return seconds(packing) <= kNearlyEarliest * earliest;
  });
  std::vector<std::string> others;
  for (const DevicePacking& other : possible)
    if (other.ranks_per_device != chosen.ranks_per_device)
      others.push_back(
          fmt::format("{} with {}", seconds_text(seconds(other)), other.ranks_per_device));
  chosen.reason = fmt::format(
      "{} a device: the study takes {} so by prediction{}{}",
      chosen.ranks_per_device == 1 ? "one rank" : fmt::format("{} ranks", chosen.ranks_per_device),
      seconds_text(seconds(chosen)), enumerated(others), refused);
  return chosen;
}

void check_packing(const StudyPlan& plan, const JobDevices& devices, int ranks_per_device) {
  if (const int asked = asked_layout(plan).ranks();
      ranks_per_device > 1 && asked > devices.on_machine)
    throw InputError(fmt::format(
        "run.data_parallel: {} ranks are to share each run (a machine has {} device{}, and ranks "
        "that share a run may not share one); write run.ranks_per_device: 1 or fewer of them",
        asked, devices.on_machine, devices.on_machine == 1 ? "" : "s"));
  const auto [run, bytes] =
      largest_run(plan, std::vector<RankLayout>(plan.runs.size(), asked_layout(plan)));
  const double room = bytes_per_packed_rank(devices, ranks_per_device);
  if (bytes <= room) return;
  const int most = static_cast<int>(devices.bytes / (bytes + devices.process_bytes));
  throw InputError(fmt::format(
      "run {} does not fit beside others (it takes {}, and each of {} ranks of a device has {}); "
      "{}",
      plan.runs[run].id, bytes_text(bytes), ranks_per_device, bytes_text(std::max(room, 0.0)),
      most > 0 ? fmt::format("let at most {} share one", most)
               : "set run.accumulate or run.recompute, or let several devices share the run"));
}

}  // namespace isoloss
