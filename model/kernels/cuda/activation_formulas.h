// Value and slope of each activation in float, as model/layers/sublayers.cpp and LibTorch define
// them (slope of a kink: 0). One function gives both, as most share a sigmoid or the like; the
// compiler leaves out what its caller does not use.
#pragma once
#include "model/kernels/cuda/simt.h"
#include "model/spec/model_spec.h"

namespace isoloss::device {

ISOLOSS_INLINE float sigmoid(float x) { return simt::fast_divide(1.0F, 1.0F + simt::fast_exp(-x)); }

struct Activated {
  float value, slope;
};

struct ReluFormula {
  static ISOLOSS_INLINE Activated at(float x) { return {x < 0 ? 0 : x, x > 0 ? 1.0F : 0.0F}; }
};
struct SquaredReluFormula {
  static ISOLOSS_INLINE Activated at(float x) { return {x < 0 ? 0 : x * x, x < 0 ? 0 : 2 * x}; }
};
struct SwishFormula {
  static ISOLOSS_INLINE Activated at(float x) {
    const float s = sigmoid(x);
    return {x * s, s + x * s * (1 - s)};
  }
};
// 0.5 x (1 + tanh u) = x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluFormula {
  static constexpr float kTwice = 1.5957691216057308F;  // 2 sqrt(2 / pi)
  static constexpr float kCubic = 0.044715F;
  static ISOLOSS_INLINE Activated at(float x) {
    const float s = sigmoid(kTwice * (x + kCubic * x * x * x));
    return {x * s, s + x * s * (1 - s) * kTwice * (1 + 3 * kCubic * x * x)};
  }
};
struct GeluErfFormula {
  static constexpr float kInverseRootTwo = 0.7071067811865476F;
  static constexpr float kDensity = 0.3989422804014327F;  // 1 / sqrt(2 pi)
  static ISOLOSS_INLINE Activated at(float x) {
    const float below = 0.5F * erfcf(-x * kInverseRootTwo);
    return {x * below, below + x * kDensity * simt::fast_exp(-0.5F * x * x)};
  }
};
struct SigmoidFormula {
  static ISOLOSS_INLINE Activated at(float x) {
    const float s = sigmoid(x);
    return {s, s * (1 - s)};
  }
};
struct EluFormula {
  static ISOLOSS_INLINE Activated at(float x) {
    return {x > 0 ? x : expm1f(x), x > 0 ? 1 : simt::fast_exp(x)};
  }
};
// Klambauer et al. 2017, arXiv 1706.02515, equation 14.
struct SeluFormula {
  static constexpr float kAlpha = 1.6732632423543772F;
  static constexpr float kLambda = 1.0507009873554805F;
  static ISOLOSS_INLINE Activated at(float x) {
    return {x > 0 ? kLambda * x : kLambda * kAlpha * expm1f(x),
            x > 0 ? kLambda : kLambda * kAlpha * simt::fast_exp(x)};
  }
};
struct SoftplusFormula {
  static ISOLOSS_INLINE Activated at(float x) {
    return {(x > 0 ? x : 0) + log1pf(simt::fast_exp(x > 0 ? -x : x)), sigmoid(x)};
  }
};
struct LinearFormula {
  static ISOLOSS_INLINE Activated at(float x) { return {x, 1}; }
};

// Calls work(formula): one branch, the same for all threads, in front of work on several values.
template <typename Work>
ISOLOSS_INLINE void with_formula(Activation activation, const Work& work) {
  switch (activation) {
    case Activation::Relu:
      return work(ReluFormula());
    case Activation::Gelu:
      return work(GeluFormula());
    case Activation::GeluErf:
      return work(GeluErfFormula());
    case Activation::Swish:
      return work(SwishFormula());
    case Activation::Elu:
      return work(EluFormula());
    case Activation::Selu:
      return work(SeluFormula());
    case Activation::Sigmoid:
      return work(SigmoidFormula());
    case Activation::Softplus:
      return work(SoftplusFormula());
    case Activation::SquaredRelu:
      return work(SquaredReluFormula());
    case Activation::Linear:
      return work(LinearFormula());
  }
}

}  // namespace isoloss::device
