#include "model/kernels/cpu/row_operations.h"

#include "model/kernels/cpu/parts.h"

namespace isoloss {

template <typename Stored>
void add_branch(std::int64_t rows, std::int64_t width, const RealOf<Stored>* stream,
                const Stored* branch, const RealOf<Stored>* bias, RealOf<Stored>* to) {
  for_rows(rows, width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      const Stored* from = branch + r * width;
      RealOf<Stored>* row = to + r * width;
      const RealOf<Stored>* below = stream == nullptr ? nullptr : stream + r * width;
      if (below != nullptr && bias != nullptr) {
#pragma omp simd
        for (std::int64_t c = 0; c < width; ++c) row[c] = below[c] + (real(from[c]) + bias[c]);
      } else if (below != nullptr) {
#pragma omp simd
        for (std::int64_t c = 0; c < width; ++c) row[c] = below[c] + real(from[c]);
      } else if (bias != nullptr) {
#pragma omp simd
        for (std::int64_t c = 0; c < width; ++c) row[c] = real(from[c]) + bias[c];
      } else {
#pragma omp simd
        for (std::int64_t c = 0; c < width; ++c) row[c] = real(from[c]);
      }
    }
  });
}

template <typename Stored>
void add_bias(std::int64_t rows, std::int64_t width, const RealOf<Stored>* bias, Stored* to) {
  for_rows(rows, width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c)
        to[r * width + c] = stored<Stored>(real(to[r * width + c]) + bias[c]);
    }
  });
}

template <typename Stored>
void add_rows(std::int64_t rows, std::int64_t width, const Stored* from, RealOf<Stored>* sums) {
  for_columns(rows, width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = 0; r < rows; ++r) {
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c) sums[c] += real(from[r * width + c]);
    }
  });
}

template <typename Stored>
void add_all(std::int64_t count, const Stored* from, RealOf<Stored> factor, RealOf<Stored>* to) {
  for_columns(1, count, [&](std::int64_t first, std::int64_t last) {
#pragma omp simd
    for (std::int64_t i = first; i < last; ++i) to[i] += factor * real(from[i]);
  });
}

template <typename Stored>
void store_all(std::int64_t count, const RealOf<Stored>* from, Stored* to) {
  for_columns(1, count, [&](std::int64_t first, std::int64_t last) {
#pragma omp simd
    for (std::int64_t i = first; i < last; ++i) to[i] = stored<Stored>(from[i]);
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
