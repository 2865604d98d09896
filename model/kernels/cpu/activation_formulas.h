// value(x) and slope(x) of each activation, over any real number type. Those that run `kInLanes`
// use nothing but arithmetic, the sigmoid and the two functions below, so that they become vector
// code.
#pragma once
#include <cmath>

#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/float_lanes.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// 1 / (1 + exp(-x)): where the exponential would pass its range the sigmoid is below 1e-37.
template <typename Real>
inline Real sigmoid(Real x) {
  const Real least = Real(-86);
  return Real(1) / (Real(1) + exponential(x < least ? -least : -x));
}
// NaN stays NaN.
template <typename Real>
inline Real positive_part(Real x) {
  return x < 0 ? Real(0) : x;
}
template <typename Real>
inline Real positive_step(Real x) {
  return x > 0 ? Real(1) : Real(0);
}

struct ReluOf {
  static constexpr bool kInLanes = true;
  template <typename Real>
  static Real value(Real x) {
    return positive_part(x);
  }
  template <typename Real>
  static Real slope(Real x) {
    return positive_step(x);
  }
};
struct SquaredReluOf {
  static constexpr bool kInLanes = true;
  template <typename Real>
  static Real value(Real x) {
    return positive_part(x) * positive_part(x);
  }
  template <typename Real>
  static Real slope(Real x) {
    return 2 * positive_part(x);
  }
};
struct SwishOf {
  static constexpr bool kInLanes = true;
  template <typename Real>
  static Real value(Real x) {
    return x * sigmoid(x);
  }
  template <typename Real>
  static Real slope(Real x) {
    const Real s = sigmoid(x);
    return s + x * s * (1 - s);
  }
};
// 0.5 x (1 + tanh u) = x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluOf {
  static constexpr bool kInLanes = true;
  static constexpr double kTwice = 1.5957691216057308;  // 2 sqrt(2 / pi)
  static constexpr double kCubic = 0.044715;
  template <typename Real>
  static Real value(Real x) {
    return x * sigmoid(Real(kTwice) * (x + Real(kCubic) * x * x * x));
  }
  template <typename Real>
  static Real slope(Real x) {
    const Real s = sigmoid(Real(kTwice) * (x + Real(kCubic) * x * x * x));
    return s + x * s * (1 - s) * Real(kTwice) * (1 + 3 * Real(kCubic) * x * x);
  }
};
struct SigmoidOf {
  static constexpr bool kInLanes = true;
  template <typename Real>
  static Real value(Real x) {
    return sigmoid(x);
  }
  template <typename Real>
  static Real slope(Real x) {
    const Real s = sigmoid(x);
    return s * (1 - s);
  }
};
struct LinearOf {
  static constexpr bool kInLanes = true;
  template <typename Real>
  static Real value(Real x) {
    return x;
  }
  template <typename Real>
  static Real slope(Real) {
    return Real(1);
  }
};
// The rest is for insertion studies: exact, through the standard library, not vector code.
struct GeluErfOf {
  static constexpr bool kInLanes = false;
  static constexpr double kInverseRootTwo = 0.7071067811865476;
  static constexpr double kDensity = 0.3989422804014327;  // 1 / sqrt(2 pi)
  template <typename Real>
  static Real value(Real x) {
    return x * Real(0.5) * std::erfc(-x * Real(kInverseRootTwo));
  }
  template <typename Real>
  static Real slope(Real x) {
    return Real(0.5) * std::erfc(-x * Real(kInverseRootTwo)) +
           x * Real(kDensity) * std::exp(Real(-0.5) * x * x);
  }
};
struct EluOf {
  static constexpr bool kInLanes = false;
  template <typename Real>
  static Real value(Real x) {
    return x > 0 ? x : std::expm1(x);
  }
  template <typename Real>
  static Real slope(Real x) {
    return x > 0 ? Real(1) : std::exp(x);
  }
};
// Klambauer et al. 2017, arXiv 1706.02515, equation 14.
struct SeluOf {
  static constexpr bool kInLanes = false;
  static constexpr double kAlpha = 1.6732632423543772;
  static constexpr double kLambda = 1.0507009873554805;
  template <typename Real>
  static Real value(Real x) {
    return Real(kLambda) * (x > 0 ? x : Real(kAlpha) * std::expm1(x));
  }
  template <typename Real>
  static Real slope(Real x) {
    return Real(kLambda) * (x > 0 ? Real(1) : Real(kAlpha) * std::exp(x));
  }
};
struct SoftplusOf {
  static constexpr bool kInLanes = false;
  template <typename Real>
  static Real value(Real x) {
    return positive_part(x) + std::log1p(std::exp(x > 0 ? -x : x));
  }
  template <typename Real>
  static Real slope(Real x) {
    return sigmoid(x);
  }
};

// Calls work with the formulas of the activation.
template <typename Work>
void with_activation(Activation activation, const Work& work) {
  switch (activation) {
    case Activation::Relu:
      return work(ReluOf{});
    case Activation::Gelu:
      return work(GeluOf{});
    case Activation::GeluErf:
      return work(GeluErfOf{});
    case Activation::Swish:
      return work(SwishOf{});
    case Activation::Elu:
      return work(EluOf{});
    case Activation::Selu:
      return work(SeluOf{});
    case Activation::Sigmoid:
      return work(SigmoidOf{});
    case Activation::Softplus:
      return work(SoftplusOf{});
    case Activation::SquaredRelu:
      return work(SquaredReluOf{});
    case Activation::Linear:
      return work(LinearOf{});
  }
}

}  // namespace isoloss
