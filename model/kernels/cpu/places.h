// The places of a row that a loop visits: one value, or sixteen floats at once (float_lanes.h). A
// loop's body is written once, as a function of the place, and computes in what read() gives it:
// float, double, or FloatLanes. bfloat16 is read and written as float.
#pragma once
#include <c10/util/BFloat16.h>

#include <cstdint>
#include <type_traits>

#include "model/kernels/cpu/float_lanes.h"
#include "model/kernels/cpu/stored.h"

namespace isoloss {

struct OnePlace {
  std::int64_t at;
};
template <typename Stored>
inline auto read(const Stored* row, OnePlace place) {
  return real(row[place.at]);
}
template <typename Stored>
inline void write(Stored* row, OnePlace place, RealOf<Stored> value) {
  row[place.at] = stored<Stored>(value);
}

// Asks for what read() wants half a page later, which processors' own look-ahead stops short of at
// each page's end; nothing for single values.
template <typename Stored, typename Place>
inline void fetch_ahead(const Stored* row, Place place) {
  constexpr auto kAhead = static_cast<std::int64_t>(2048 / sizeof(Stored));
  if constexpr (!std::is_same_v<Place, OnePlace>) __builtin_prefetch(row + place.at + kAhead);
}

#if ISOLOSS_FLOAT_LANES

struct WholeLanes {
  std::int64_t at;
};
inline FloatLanes read(const float* row, WholeLanes place) {
  return _mm512_loadu_ps(row + place.at);
}
inline FloatLanes read(const c10::BFloat16* row, WholeLanes place) {
  return from_bfloat16(_mm256_loadu_epi16(row + place.at));
}
inline void write(float* row, WholeLanes place, FloatLanes value) {
  _mm512_storeu_ps(row + place.at, value.values);
}
inline void write(c10::BFloat16* row, WholeLanes place, FloatLanes value) {
  _mm256_storeu_epi16(row + place.at, to_bfloat16(value));
}

// What is left at a row's end; the other lanes read as zeros.
struct SomeLanes {
  std::int64_t at;
  __mmask16 there;
};
inline FloatLanes read(const float* row, SomeLanes place) {
  return _mm512_maskz_loadu_ps(place.there, row + place.at);
}
inline FloatLanes read(const c10::BFloat16* row, SomeLanes place) {
  return from_bfloat16(_mm256_maskz_loadu_epi16(place.there, row + place.at));
}
inline void write(float* row, SomeLanes place, FloatLanes value) {
  _mm512_mask_storeu_ps(row + place.at, place.there, value.values);
}
inline void write(c10::BFloat16* row, SomeLanes place, FloatLanes value) {
  _mm256_mask_storeu_epi16(row + place.at, place.there, to_bfloat16(value));
}

// Calls whole(place) for sixteen at a time and some(place) for the rest. A place is whole or not
// whatever `first` is, so long as that is a multiple of sixteen.
template <typename Whole, typename Some>
inline void for_lanes(std::int64_t first, std::int64_t last, const Whole& whole, const Some& some) {
  for (; first + FloatLanes::kCount <= last; first += FloatLanes::kCount) whole(WholeLanes{first});
  if (first < last) some(SomeLanes{first, static_cast<__mmask16>((1u << (last - first)) - 1)});
}

#endif

// Whether loops in Real run on lanes here.
template <typename Real>
inline constexpr bool kOnLanes = ISOLOSS_FLOAT_LANES == 1 && std::is_same_v<Real, float>;

// row[place] += value.
template <typename Real, typename Place, typename Value>
inline void add(Real* row, Place place, Value value) {
  write(row, place, read(row, place) + value);
}

// Calls work(place) for all of [first, last): on lanes where Real and the processor allow it and
// `in_lanes` says that the body does.
template <typename Real, bool in_lanes = true, typename Work>
inline void for_places(std::int64_t first, std::int64_t last, const Work& work) {
  if constexpr (kOnLanes<Real> && in_lanes) {
#if ISOLOSS_FLOAT_LANES
    for_lanes(first, last, work, work);
#endif
  } else {
#pragma omp simd
    for (std::int64_t i = first; i < last; ++i) work(OnePlace{i});
  }
}

// The sum of term(place) over [0, count).
template <typename Real, typename Term>
inline Real sum_of_places(std::int64_t count, const Term& term) {
  if constexpr (kOnLanes<Real>) {
#if ISOLOSS_FLOAT_LANES
    __m512 sum = _mm512_setzero_ps();
    for_lanes(
        0, count, [&](WholeLanes place) { sum += term(place).values; },
        [&](SomeLanes place) {
          sum = _mm512_mask_add_ps(sum, place.there, sum, term(place).values);
        });
    return _mm512_reduce_add_ps(sum);
#endif
  } else {
    Real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < count; ++i) sum += term(OnePlace{i});
    return sum;
  }
}

// The largest of `start` and of term(place) over [0, count), NaN passed over.
template <typename Real, typename Term>
inline Real largest_of_places(std::int64_t count, Real start, const Term& term) {
  if constexpr (kOnLanes<Real>) {
#if ISOLOSS_FLOAT_LANES
    __m512 largest = _mm512_set1_ps(start);
    for_lanes(
        0, count, [&](WholeLanes place) { largest = _mm512_max_ps(term(place).values, largest); },
        [&](SomeLanes place) {
          largest = _mm512_mask_max_ps(largest, place.there, term(place).values, largest);
        });
    return _mm512_reduce_max_ps(largest);
#endif
  } else {
    Real largest = start;
#pragma omp simd reduction(max : largest)
    for (std::int64_t i = 0; i < count; ++i) {
      const Real value = term(OnePlace{i});
      largest = value > largest ? value : largest;
    }
    return largest;
  }
}

}  // namespace isoloss
