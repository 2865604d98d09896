#include "model/kernels/cpu/row_operations.h"

#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/places.h"

namespace isoloss {

template <typename Stored>
void add_branch(std::int64_t rows, std::int64_t width, const RealOf<Stored>* stream,
                const Stored* branch, const RealOf<Stored>* bias, RealOf<Stored>* to) {
  using Real = RealOf<Stored>;
  for_rows(rows, width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      const Stored* from = branch + r * width;
      Real* row = to + r * width;
      const Real* below = stream == nullptr ? nullptr : stream + r * width;
      const Real* added = bias;
      if (below != nullptr && bias != nullptr)
        for_places<Real>(0, width, [=](auto at) {
          write(row, at, read(below, at) + (read(from, at) + read(added, at)));
        });
      else if (below != nullptr)
        for_places<Real>(0, width,
                         [=](auto at) { write(row, at, read(below, at) + read(from, at)); });
      else if (bias != nullptr)
        for_places<Real>(0, width,
                         [=](auto at) { write(row, at, read(from, at) + read(added, at)); });
      else
        for_places<Real>(0, width, [=](auto at) { write(row, at, read(from, at)); });
    }
  });
}

template <typename Stored>
void add_bias(std::int64_t rows, std::int64_t width, const RealOf<Stored>* bias, Stored* to) {
  for_rows(rows, width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r)
      for_places<RealOf<Stored>>(
          0, width, [row = to + r * width, bias](auto at) { add(row, at, read(bias, at)); });
  });
}

template <typename Stored>
void add_rows(std::int64_t rows, std::int64_t width, const Stored* from, RealOf<Stored>* sums) {
  for_columns(rows, width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = 0; r < rows; ++r)
      for_places<RealOf<Stored>>(
          first, last, [row = from + r * width, sums](auto at) { add(sums, at, read(row, at)); });
  });
}

template <typename Stored>
void add_all(std::int64_t count, const Stored* from, RealOf<Stored> factor, RealOf<Stored>* to) {
  for_columns(1, count, [&](std::int64_t first, std::int64_t last) {
    for_places<RealOf<Stored>>(first, last, [=](auto at) { add(to, at, factor * read(from, at)); });
  });
}

template <typename Stored>
void store_all(std::int64_t count, const RealOf<Stored>* from, Stored* to) {
  for_columns(1, count, [&](std::int64_t first, std::int64_t last) {
    for_places<RealOf<Stored>>(first, last, [=](auto at) { write(to, at, read(from, at)); });
  });
}

#define ISOLOSS_ROW_OPERATIONS(Stored)                                                       \
  template void add_branch(std::int64_t, std::int64_t, const RealOf<Stored>*, const Stored*, \
                           const RealOf<Stored>*, RealOf<Stored>*);                          \
  template void add_bias(std::int64_t, std::int64_t, const RealOf<Stored>*, Stored*);        \
  template void add_rows(std::int64_t, std::int64_t, const Stored*, RealOf<Stored>*);        \
  template void add_all(std::int64_t, const Stored*, RealOf<Stored>, RealOf<Stored>*);       \
  template void store_all(std::int64_t, const RealOf<Stored>*, Stored*);
ISOLOSS_ROW_OPERATIONS(float)
ISOLOSS_ROW_OPERATIONS(double)
ISOLOSS_ROW_OPERATIONS(c10::BFloat16)
#undef ISOLOSS_ROW_OPERATIONS

}  // namespace isoloss
