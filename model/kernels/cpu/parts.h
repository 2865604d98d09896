// Work split among LibTorch's threads: one contiguous part each, the same for the same number of
// threads, so that results depend on that number and nothing else.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

namespace isoloss {

// How many parts `count` units of work are worth, at least `least` units a part; one where this
// thread is already one of several.
inline std::int64_t part_count(std::int64_t count, std::int64_t least) {
  if (at::in_parallel_region()) return 1;
  return std::clamp<std::int64_t>(count / std::max<std::int64_t>(1, least), 1,
                                  at::get_num_threads());
}

// Calls work(part, first, last) for every part of [0, count), each but the last a multiple of
// `multiple` long.
template <typename Work>
void for_parts(std::int64_t parts, std::int64_t count, std::int64_t multiple, const Work& work) {
  if (parts == 1) return work(std::int64_t{0}, std::int64_t{0}, count);
  const std::int64_t units = (count + multiple - 1) / multiple;
  const auto begin = [&](std::int64_t part) {
    return std::min(count, units * part / parts * multiple);
  };
  at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t part = first; part < last; ++part) work(part, begin(part), begin(part + 1));
  });
}

// A row's elements below which a second thread costs more than it saves.
inline constexpr std::int64_t kElementsWorthAThread = 16384;
inline constexpr std::int64_t kCacheLine = 32;  // elements, of the narrowest type

// Every row's columns [first, last) for a matrix of rows x columns: sums down a column are then
// one thread's, in the order of rows, whatever the number of threads.
template <typename Work>
void for_columns(std::int64_t rows, std::int64_t columns, const Work& work) {
  const std::int64_t parts =
      std::min(part_count(rows * columns, kElementsWorthAThread), part_count(columns, kCacheLine));
  for_parts(parts, columns, kCacheLine,
            [&](std::int64_t, std::int64_t first, std::int64_t last) { work(first, last); });
}

// Rows [first, last) of a matrix of rows x columns.
template <typename Work>
void for_rows(std::int64_t rows, std::int64_t columns, const Work& work) {
  const std::int64_t parts = part_count(rows * columns, kElementsWorthAThread);
  for_parts(std::min(parts, rows), rows, 1,
            [&](std::int64_t, std::int64_t first, std::int64_t last) { work(first, last); });
}

}  // namespace isoloss
