#include "harness/devices/rank_views.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace isoloss {
namespace {

// Fields, each behind its length and a colon, so that names may hold anything.
std::string packed(const RankView& view) {
  std::string text;
  const auto add = [&](const std::string& field) {
    text += std::to_string(field.size()) + ":" + field;
  };
  add(view.machine);
  add(std::to_string(view.numa_node));
  for (const SeenDevice& device : view.devices) {
    add(device.id);
    add(std::to_string(device.numa_node));
  }
  return text;
}

std::size_t number_at(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> fields;
  while (!text.empty()) {
    const std::size_t colon = text.find(':'), length = number_at(text);
    fields.emplace_back(text.substr(colon + 1, length));
    text.remove_prefix(colon + 1 + length);
  }
  return fields;
}

RankView unpacked(std::string_view text) {
  const std::vector<std::string> fields = fields_of(text);
  RankView view{fields.at(0), std::stoi(fields.at(1)), {}};
  for (std::size_t i = 2; i + 1 < fields.size(); i += 2)
    view.devices.push_back({fields[i], std::stoi(fields[i + 1])});
  return view;
}

}  // namespace

std::vector<RankView> gather_views(Communicator& job, const RankView& mine) {
  const std::string text = packed(mine);
  std::array<std::uint64_t, 1> length = {text.size()};
  std::vector<std::uint64_t> lengths(static_cast<std::size_t>(job.size()));
  job.all_gather(std::as_bytes(std::span(length)), std::as_writable_bytes(std::span(lengths)));
  const std::size_t longest = *std::ranges::max_element(lengths);
  std::string padded = text;
  padded.resize(longest);
  std::string all(longest * lengths.size(), '\0');
  job.all_gather(std::as_bytes(std::span(padded)), std::as_writable_bytes(std::span(all)));
  std::vector<RankView> views;
  for (std::size_t r = 0; r < lengths.size(); ++r)
    views.push_back(unpacked(std::string_view(all).substr(r * longest, lengths[r])));
  return views;
}

}  // namespace isoloss
