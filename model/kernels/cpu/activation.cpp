#include "model/kernels/cpu/activation.h"

#include <cmath>

#include "model/kernels/cpu/exponential.h"

namespace isoloss {
namespace {

template <typename Real>
inline Real sigmoid(Real x) {
  const Real small = exponential(x < 0 ? x : -x);
  return (x < 0 ? small : Real(1)) / (Real(1) + small);
}

// value(x) and slope(x) of each activation.
struct ReluOf {
  template <typename Real>
  static Real value(Real x) {
    return x < 0 ? Real(0) : x;  // NaN stays NaN
  }
  template <typename Real>
  static Real slope(Real x) {
    return x > 0 ? Real(1) : Real(0);
  }
};
struct SquaredReluOf {
  template <typename Real>
  static Real value(Real x) {
    return ReluOf::value(x) * ReluOf::value(x);
  }
  template <typename Real>
  static Real slope(Real x) {
    return 2 * ReluOf::value(x);
  }
};
struct SwishOf {
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
// The rest is for insertion studies: exact, through the standard library, not vector code.
struct GeluErfOf {
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
struct SigmoidOf {
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
struct SoftplusOf {
  template <typename Real>
  static Real value(Real x) {
    return (x > 0 ? x : Real(0)) + std::log1p(std::exp(x > 0 ? -x : x));
  }
  template <typename Real>
  static Real slope(Real x) {
    return sigmoid(x);
  }
};
struct LinearOf {
  template <typename Real>
  static Real value(Real x) {
    return x;
  }
  template <typename Real>
  static Real slope(Real) {
    return Real(1);
  }
};

template <typename Of, typename Real>
void forward(const ActivationShape& shape, const Real* bias, Real* before, Real* after) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    Real* out = after + r * width;
    if (shape.gated) {
      Real* gate = before + 2 * r * width;
      Real* in = gate + width;
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) {
        gate[c] += bias[c];
        in[c] += bias[width + c];
        out[c] = Of::value(gate[c]) * in[c];
      }
    } else {
      Real* in = before + r * width;
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) {
        in[c] += bias[c];
        out[c] = Of::value(in[c]);
      }
    }
  }
}

template <typename Of, typename Real>
void backward(const ActivationShape& shape, const Real* before, const Real* d_after, Real* d_before,
              Real* d_bias) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    const Real* d_out = d_after + r * width;
    if (shape.gated) {
      const Real* gate = before + 2 * r * width;
      const Real* in = gate + width;
      Real* d_gate = d_before + 2 * r * width;
      Real* d_in = d_gate + width;
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) {
        const Real through_gate = d_out[c] * in[c] * Of::slope(gate[c]);
        const Real through_in = d_out[c] * Of::value(gate[c]);
        d_gate[c] = through_gate;
        d_in[c] = through_in;
        d_bias[c] += through_gate;
        d_bias[width + c] += through_in;
      }
    } else {
      const Real* in = before + r * width;
      Real* d_in = d_before + r * width;
#pragma omp simd
      for (std::int64_t c = 0; c < width; ++c) {
        const Real through = d_out[c] * Of::slope(in[c]);
        d_in[c] = through;
        d_bias[c] += through;
      }
    }
  }
}

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

}  // namespace

template <typename Real>
void activation_forward(const ActivationShape& shape, const Real* bias, Real* before, Real* after) {
  with_activation(shape.activation,
                  [&]<typename Of>(Of) { forward<Of>(shape, bias, before, after); });
}

template <typename Real>
void activation_backward(const ActivationShape& shape, const Real* before, const Real* d_after,
                         Real* d_before, Real* d_bias) {
  with_activation(shape.activation,
                  [&]<typename Of>(Of) { backward<Of>(shape, before, d_after, d_before, d_bias); });
}

template void activation_forward(const ActivationShape&, const float*, float*, float*);
template void activation_forward(const ActivationShape&, const double*, double*, double*);
template void activation_backward(const ActivationShape&, const float*, const float*, float*,
                                  float*);
template void activation_backward(const ActivationShape&, const double*, const double*, double*,
                                  double*);

}  // namespace isoloss
