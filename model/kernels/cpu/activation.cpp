#include "model/kernels/cpu/activation.h"

#include <cmath>
#include <vector>

#include "model/kernels/cpu/exponential.h"
#include "model/kernels/cpu/parts.h"

namespace isoloss {
namespace {

// 1 / (1 + exp(-x)): where the exponential would pass its range the sigmoid is below 1e-37.
template <typename Real>
inline Real sigmoid(Real x) {
  const Real least = Real(-86);
  return Real(1) / (Real(1) + exponential(x < least ? -least : -x));
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

// Columns [first, last) of every row.
template <typename Of, typename Stored, typename Real>
void forward(const ActivationShape& shape, std::int64_t first, std::int64_t last, const Real* bias,
             const Stored* before, Stored* after) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    Stored* out = after + r * width;
    if (shape.gated) {
      const Stored* gate = before + 2 * r * width;
      const Stored* in = gate + width;
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c)
        out[c] =
            stored<Stored>(Of::value(real(gate[c]) + bias[c]) * (real(in[c]) + bias[width + c]));
    } else {
      const Stored* in = before + r * width;
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c)
        out[c] = stored<Stored>(Of::value(real(in[c]) + bias[c]));
    }
  }
}

template <typename Of, typename Stored, typename Real>
void backward(const ActivationShape& shape, std::int64_t first, std::int64_t last, const Real* bias,
              const Stored* before, const Stored* d_after, Stored* d_before, Real* d_bias) {
  const std::int64_t width = shape.width;
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    const Stored* d_out = d_after + r * width;
    if (shape.gated) {
      const Stored* gate = before + 2 * r * width;
      const Stored* in = gate + width;
      Stored* d_gate = d_before + 2 * r * width;
      Stored* d_in = d_gate + width;
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c) {
        const Real open = real(gate[c]) + bias[c];
        const Real through_gate =
            real(d_out[c]) * (real(in[c]) + bias[width + c]) * Of::slope(open);
        const Real through_in = real(d_out[c]) * Of::value(open);
        d_gate[c] = stored<Stored>(through_gate);
        d_in[c] = stored<Stored>(through_in);
        d_bias[c] += through_gate;
        d_bias[width + c] += through_in;
      }
    } else {
      const Stored* in = before + r * width;
      Stored* d_in = d_before + r * width;
#pragma omp simd
      for (std::int64_t c = first; c < last; ++c) {
        const Real through = real(d_out[c]) * Of::slope(real(in[c]) + bias[c]);
        d_in[c] = stored<Stored>(through);
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

// In place of a bias, and of its gradient, where there is none.
template <typename Real>
Real* nothing(const ActivationShape& shape) {
  static thread_local std::vector<Real> zeros;
  zeros.assign(static_cast<std::size_t>((shape.gated ? 2 : 1) * shape.width), Real(0));
  return zeros.data();
}

}  // namespace

template <typename Stored>
void activation_forward(const ActivationShape& shape, const RealOf<Stored>* bias,
                        const Stored* before, Stored* after) {
  const RealOf<Stored>* added = bias == nullptr ? nothing<RealOf<Stored>>(shape) : bias;
  with_activation(shape.activation, [&]<typename Of>(Of) {
    for_columns(shape.rows, shape.width, [&](std::int64_t first, std::int64_t last) {
      forward<Of>(shape, first, last, added, before, after);
    });
  });
}

template <typename Stored>
void activation_backward(const ActivationShape& shape, const RealOf<Stored>* bias,
                         const Stored* before, const Stored* d_after, Stored* d_before,
                         RealOf<Stored>* d_bias) {
  using Real = RealOf<Stored>;
  std::vector<Real> zeros;
  if (bias == nullptr) {
    zeros.assign(static_cast<std::size_t>((shape.gated ? 2 : 1) * shape.width), Real(0));
    d_bias = nothing<Real>(shape);
  }
  const Real* added = bias == nullptr ? zeros.data() : bias;
  with_activation(shape.activation, [&]<typename Of>(Of) {
    for_columns(shape.rows, shape.width, [&](std::int64_t first, std::int64_t last) {
      backward<Of>(shape, first, last, added, before, d_after, d_before, d_bias);
    });
  });
}

#define ISOLOSS_ACTIVATION(Stored)                                                                \
  template void activation_forward(const ActivationShape&, const RealOf<Stored>*, const Stored*,  \
                                   Stored*);                                                      \
  template void activation_backward(const ActivationShape&, const RealOf<Stored>*, const Stored*, \
                                    const Stored*, Stored*, RealOf<Stored>*);
ISOLOSS_ACTIVATION(float)
ISOLOSS_ACTIVATION(double)
ISOLOSS_ACTIVATION(c10::BFloat16)
#undef ISOLOSS_ACTIVATION

}  // namespace isoloss
