#include "sweeps/device_packing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
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

// For tensors.
double bytes_per_rank(const JobDevices& devices, int ranks_per_device) {
  return devices.bytes / ranks_per_device - devices.process_bytes -
         (ranks_per_device > 1 ? kLoadedLaterBytes : 0);
}

// Ranks that share a device, each with `bytes` of tensors, at most; 0 where it does not hold one.
int most_sharing(const JobDevices& devices, double bytes) {
  if (bytes > bytes_per_rank(devices, 1)) return 0;
  const double of_each = bytes + devices.process_bytes + kLoadedLaterBytes;
  return std::max(1, static_cast<int>(devices.bytes / of_each));
}

// The run that takes most of a rank's memory where ranks train as `layouts` say, and what it takes.
std::pair<std::size_t, double> largest_run(const StudyPlan& plan,
                                           std::span<const RankLayout> layouts) {
  std::pair<std::size_t, double> largest{0, 0};
  for (std::size_t run = 0; run < plan.runs.size(); ++run)
    if (const double bytes = memory_per_rank(plan.runs[run].spec, layouts[run]);
        bytes > largest.second)
      largest = {run, bytes};
  return largest;
}

// Why ranks that share devices cannot train the study so; absent where they can.
struct Obstacle {
  std::string what;
  std::string remedy;
};

std::optional<Obstacle> obstacle(const StudyPlan& plan, std::span<const RankLayout> layouts,
                                 const JobDevices& devices, int ranks_per_device) {
  if (ranks_per_device == 1) return std::nullopt;
  // No run has more ranks than are on different devices unless the study asks for that.
  if (const int asked = asked_layout(plan).ranks(); asked > devices.apart)
    return Obstacle{
        fmt::format(
            "run.data_parallel: {} ranks are to share each run (they need a device each, and "
            "no more than {} neighbouring rank{} sure to be on different ones)",
            asked, devices.apart, devices.apart == 1 ? " is" : "s are"),
        "write run.ranks_per_device: 1 or fewer of them"};
  const double room = bytes_per_rank(devices, ranks_per_device);
  const auto [run, bytes] = largest_run(plan, layouts);
  if (bytes <= room) return std::nullopt;
  const int most = most_sharing(devices, bytes);
  return Obstacle{
      fmt::format("run {} does not fit beside others (it takes {}, and each of {} "
                  "ranks of a device has {})",
                  plan.runs[run].id, bytes_text(bytes), ranks_per_device,
                  bytes_text(std::max(room, 0.0))),
      most > 0 ? fmt::format("let at most {} share one", most)
               : "set run.accumulate or run.recompute, or let several devices share the run"};
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

PlanRanks ranks_on(const JobDevices& devices, int ranks, int ranks_per_device) {
  return {.ranks = ranks,
          .bytes_per_rank = bytes_per_rank(devices, ranks_per_device),
          .sharing = ranks_per_device > 1 ? devices.apart : 0};
}

DevicePacking choose_packing(const StudyPlan& plan, const JobDevices& devices,
                             const PackedStepTimes& measured, const DeviceRate& rate, int most) {
  check_ranks(plan, devices.devices);
  std::vector<DevicePacking> possible;
  std::string refused;
  for (int ranks = 1; ranks <= most; ranks *= 2) {
    const DeviceRate of_rank = packed_rate(rate, measured, ranks);
    const PlanRanks all = ranks_on(devices, devices.devices * ranks, ranks);
    RankPlan planned = plan_ranks(plan, all, of_rank);
    if (const auto problem = obstacle(plan, planned.layouts, devices, ranks)) {
      refused = fmt::format("; {} would not do: {}", ranks, problem->what);
      break;  // more would have less memory still
    }
    possible.push_back({ranks, all, std::move(planned), "", of_rank});
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

void check_packing(const StudyPlan& plan, std::span<const RankLayout> layouts,
                   const JobDevices& devices, int ranks_per_device) {
  if (const auto problem = obstacle(plan, layouts, devices, ranks_per_device))
    throw InputError(problem->what + "; " + problem->remedy);
}

}  // namespace isoloss
