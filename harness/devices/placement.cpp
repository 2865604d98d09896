#include "harness/devices/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kUnseen = std::int64_t{1} << 52;  // more than all other costs together

// Rows to columns, at least as many as rows, one column each, at least cost in sum: shortest
// augmenting paths with potentials (Kuhn 1955, Naval Research Logistics Quarterly 2, p. 83, in the
// cubic form of Edmonds and Karp 1972, Journal of the ACM 19, p. 248).
std::vector<std::size_t> assign(const std::vector<std::vector<std::int64_t>>& cost) {
  const std::size_t rows = cost.size(), columns = cost.front().size();
  const std::size_t none = rows;
  std::vector<std::int64_t> row_price(rows + 1, 0), column_price(columns + 1, 0);
  std::vector<std::size_t> row_of(columns + 1, none);
  for (std::size_t row = 0; row < rows; ++row) {
    std::size_t at = columns;  // a column that no row may have: the path's beginning
    row_of[at] = row;
    std::vector<std::int64_t> least(columns, INT64_MAX);
    std::vector<std::size_t> before(columns, columns);
    std::vector<bool> reached(columns + 1, false);
    while (row_of[at] != none) {
      reached[at] = true;
      const std::size_t from = row_of[at];
      std::int64_t step = INT64_MAX;
      std::size_t next = columns;
      for (std::size_t c = 0; c < columns; ++c) {
        if (reached[c]) continue;
        const std::int64_t reduced = cost[from][c] - row_price[from] - column_price[c];
        if (reduced < least[c]) {
          least[c] = reduced;
          before[c] = at;
        }
        if (least[c] < step) {
          step = least[c];
          next = c;
        }
      }
      for (std::size_t c = 0; c <= columns; ++c) {
        if (reached[c]) {
          row_price[row_of[c]] += step;
          column_price[c] -= step;
        } else if (c < columns) {
          least[c] -= step;
        }
      }
      at = next;
    }
    while (at != columns) {
      row_of[at] = row_of[before[at]];
      at = before[at];
    }
    row_of[columns] = none;
  }
  std::vector<std::size_t> column_of(rows);
  for (std::size_t c = 0; c < columns; ++c)
    if (row_of[c] != none) column_of[row_of[c]] = c;
  return column_of;
}

// A machine's ranks and the ids of what any of them sees, as the first that sees a device counts
// it.
struct Machine {
  std::vector<int> ranks;
  std::vector<std::string> devices;
};

std::map<std::string, Machine> machines_of(std::span<const RankView> ranks) {
  std::map<std::string, Machine> machines;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    Machine& machine = machines[ranks[r].machine];
    machine.ranks.push_back(static_cast<int>(r));
    for (const SeenDevice& device : ranks[r].devices)
      if (std::ranges::find(machine.devices, device.id) == machine.devices.end())
        machine.devices.push_back(device.id);
  }
  return machines;
}

void check_enough(const std::string& name, const Machine& machine, int most_per_device) {
  const auto room = machine.devices.size() * static_cast<std::size_t>(most_per_device);
  if (machine.ranks.size() <= room) return;
  throw InputError(fmt::format(
      "{} has {} ranks and {} visible device{} ({} a device at most); start {} ranks on it, or ask "
      "for more devices",
      name, machine.ranks.size(), machine.devices.size(), machine.devices.size() == 1 ? "" : "s",
      most_per_device == 1 ? "one rank" : fmt::format("{} ranks", most_per_device), room));
}

std::string names_of(std::span<const SeenDevice> devices) {
  std::string names;
  for (const SeenDevice& device : devices) names += (names.empty() ? "" : ", ") + device.id;
  return names;
}

std::int64_t square(std::int64_t value) { return value * value; }

// What it costs that the machine's `place`-th rank has its `device`-th device as that one's
// `round`-th rank: evenness before nearness before order.
std::int64_t cost_of(const RankView& rank, std::size_t place, const Machine& machine,
                     std::size_t device, std::size_t round) {
  const auto seen = std::ranges::find(rank.devices, machine.devices[device], &SeenDevice::id);
  if (seen == rank.devices.end()) return kUnseen;
  // Each weighs more than all ranks' costs of what comes after it.
  const auto ranks = static_cast<std::int64_t>(machine.ranks.size());
  const std::int64_t far_costs =
      ranks * square(ranks * static_cast<std::int64_t>(machine.devices.size())) + 1;
  const std::int64_t round_costs = far_costs * (ranks + 1);
  // Where ranks share devices order alone counts: neighbours, who may train one run, are apart.
  const bool shares = machine.ranks.size() > machine.devices.size();
  const bool far =
      !shares && rank.numa_node >= 0 && seen->numa_node >= 0 && rank.numa_node != seen->numa_node;
  const auto position = static_cast<std::int64_t>(round * machine.devices.size() + device);
  return round_costs * static_cast<std::int64_t>(round) + (far ? far_costs : 0) +
         square(position - static_cast<std::int64_t>(place));
}

}  // namespace

std::vector<int> place_ranks(std::span<const RankView> ranks, int most_per_device) {
  for (std::size_t r = 0; r < ranks.size(); ++r)
    if (ranks[r].devices.empty())
      throw InputError(fmt::format(
          "rank {} on {} sees no device (none was asked for, CUDA_VISIBLE_DEVICES hides them, or "
          "there is no driver); ask for one for each rank, or write run.device: cpu",
          r, ranks[r].machine));
  std::vector<int> places(ranks.size());
  for (const auto& [name, machine] : machines_of(ranks)) {
    check_enough(name, machine, most_per_device);
    const std::size_t devices = machine.devices.size();
    const std::size_t rounds =
        std::min<std::size_t>(static_cast<std::size_t>(most_per_device), machine.ranks.size());
    std::vector<std::vector<std::int64_t>> cost;
    for (std::size_t place = 0; place < machine.ranks.size(); ++place) {
      const RankView& rank = ranks[static_cast<std::size_t>(machine.ranks[place])];
      auto& row = cost.emplace_back();
      for (std::size_t round = 0; round < rounds; ++round)
        for (std::size_t device = 0; device < devices; ++device)
          row.push_back(cost_of(rank, place, machine, device, round));
    }
    const std::vector<std::size_t> chosen = assign(cost);
    for (std::size_t place = 0; place < machine.ranks.size(); ++place) {
      const int rank = machine.ranks[place];
      const auto& seen = ranks[static_cast<std::size_t>(rank)].devices;
      const auto at =
          std::ranges::find(seen, machine.devices[chosen[place] % devices], &SeenDevice::id);
      if (at == seen.end())
        throw InputError(fmt::format(
            "no device is left for rank {} on {} (other ranks have those that it sees: {}); let "
            "every rank see all devices, or each another one",
            rank, name, names_of(seen)));
      places[static_cast<std::size_t>(rank)] = static_cast<int>(at - seen.begin());
    }
  }
  return places;
}

PlacedDevices placed_devices(std::span<const RankView> ranks, std::span<const int> places) {
  PlacedDevices placed{.apart = static_cast<int>(ranks.size())};
  std::map<std::string, int> ranks_of_machine;
  // Of each device, the ranks that have it, and which of its machine's ranks was the last.
  struct Taken {
    int ranks = 0, last = 0;
  };
  std::map<std::pair<std::string, std::string>, Taken> devices;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const int here = ranks_of_machine[ranks[r].machine]++;
    Taken& device =
        devices[{ranks[r].machine, ranks[r].devices[static_cast<std::size_t>(places[r])].id}];
    if (device.ranks > 0) placed.apart = std::min(placed.apart, here - device.last);
    device = {device.ranks + 1, here};
    placed.ranks_per_device = std::max(placed.ranks_per_device, device.ranks);
  }
  placed.devices = static_cast<int>(devices.size());
  return placed;
}

}  // namespace isoloss
