// Sixteen floats at once where the processor has AVX-512: a number type that formulas written over
// their number type run on, with the exponential and the sigmoid. Kernels reach it through
// places.h.
#pragma once
#include <cstdint>
#include <type_traits>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define ISOLOSS_FLOAT_LANES 1
#include <immintrin.h>

namespace isoloss {

struct FloatLanes {
  static constexpr std::int64_t kCount = 16;

  FloatLanes(__m512 all) : values(all) {}  // NOLINT: a number like any other
  template <typename Number>
  requires std::is_arithmetic_v<Number> FloatLanes(Number every)
      : values(_mm512_set1_ps(static_cast<float>(every))) {}  // NOLINT

  __m512 values;
};

inline FloatLanes operator+(FloatLanes a, FloatLanes b) { return a.values + b.values; }
inline FloatLanes operator-(FloatLanes a, FloatLanes b) { return a.values - b.values; }
inline FloatLanes operator*(FloatLanes a, FloatLanes b) { return a.values * b.values; }

// NaN stays NaN.
inline FloatLanes positive_part(FloatLanes x) {
  return _mm512_max_ps(_mm512_setzero_ps(), x.values);
}
// 1 where x > 0, else 0.
inline FloatLanes positive_step(FloatLanes x) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x.values, _mm512_setzero_ps(), _CMP_GT_OQ),
                             _mm512_set1_ps(1));
}

// As exponential() of exponential.h: relative error below 2e-7, zero below -87, NaN stays NaN.
// exp(r) on [-ln 2 / 2, ln 2 / 2] is the polynomial of degree 6 with the least relative error
// (Remez: 2e-9).
inline FloatLanes exponential(FloatLanes x) {
  const __m512 n =
      _mm512_roundscale_ps(1.44269504f * x.values, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const FloatLanes r = (x.values - n * 0.693359375f) + n * 2.12194440e-4f;
  FloatLanes p = 1.3836846e-3f;
  p = p * r + 8.3748158e-3f;
  p = p * r + 4.1668226e-2f;
  p = p * r + 1.6666420e-1f;
  p = p * r + 4.9999992e-1f;
  p = p * r + 1;
  p = p * r + 1;
  const __mmask16 there = _mm512_cmp_ps_mask(x.values, _mm512_set1_ps(-87), _CMP_NLT_UQ);
  return _mm512_maskz_scalef_ps(there, p.values, n);
}

// 1 / (1 + exp(-x)) without a division: relative error below 5e-7 where it is above 2^-126, which
// it does not go below; NaN stays NaN. 2^f on [0, 1) is the polynomial of degree 5 with the least
// relative error (Remez: 7.5e-8).
inline FloatLanes sigmoid(FloatLanes x) {
  // exp(-x) = 2^t. Of minimum(a, NaN) the instruction takes the second.
  const __m512 t = _mm512_min_ps(_mm512_set1_ps(126), -1.44269504f * x.values);
  const FloatLanes f = _mm512_reduce_ps(t, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  FloatLanes p = 1.8775767e-3f;
  p = p * f + 8.9893401e-3f;
  p = p * f + 5.5826318e-2f;
  p = p * f + 2.4015362e-1f;
  p = p * f + 6.9315307e-1f;
  p = p * f + 9.9999993e-1f;
  const FloatLanes sum = 1 + FloatLanes(_mm512_scalef_ps(p.values, t));  // p 2^floor(t)
  const FloatLanes guess = _mm512_rcp14_ps(sum.values);
  return guess + guess * (1 - sum * guess);  // Newton's step
}

// bfloat16 as its bits: a float's upper half.
inline FloatLanes from_bfloat16(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
// Rounds as stored() does, but for numbers below 2^-126, which the instruction takes for zero.
inline __m256i to_bfloat16(FloatLanes x) {
#if defined(__AVX512BF16__)
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x.values));
#else
  const __m512i bits = _mm512_castps_si512(x.values);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __mmask16 number = _mm512_cmp_ps_mask(x.values, x.values, _CMP_ORD_Q);
  const __m512i high = _mm512_srli_epi32(up, 16);
  return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(_mm512_set1_epi32(0x7fc0), number, high));
#endif
}

}  // namespace isoloss

#else
#define ISOLOSS_FLOAT_LANES 0
#endif
