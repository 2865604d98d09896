#include "model/kernels/cpu/activation.h"

#include <vector>

#include "model/kernels/cpu/activation_formulas.h"
#include "model/kernels/cpu/parts.h"
#include "model/kernels/cpu/places.h"

namespace isoloss {
namespace {

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
      for_places<Real, Of::kInLanes>(first, last, [=](auto at) {
        write(out, at,
              Of::value(read(gate, at) + read(bias, at)) * (read(in, at) + read(bias + width, at)));
      });
    } else {
      const Stored* in = before + r * width;
      for_places<Real, Of::kInLanes>(first, last, [=](auto at) {
        fetch_ahead(in, at);
        write(out, at, Of::value(read(in, at) + read(bias, at)));
      });
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
      for_places<Real, Of::kInLanes>(first, last, [=](auto at) {
        const auto open = read(gate, at) + read(bias, at);
        const auto through_gate =
            read(d_out, at) * (read(in, at) + read(bias + width, at)) * Of::slope(open);
        const auto through_in = read(d_out, at) * Of::value(open);
        write(d_gate, at, through_gate);
        write(d_in, at, through_in);
        add(d_bias, at, through_gate);
        add(d_bias + width, at, through_in);
      });
    } else {
      const Stored* in = before + r * width;
      Stored* d_in = d_before + r * width;
      for_places<Real, Of::kInLanes>(first, last, [=](auto at) {
        fetch_ahead(in, at);
        fetch_ahead(d_out, at);
        const auto through = read(d_out, at) * Of::slope(read(in, at) + read(bias, at));
        write(d_in, at, through);
        add(d_bias, at, through);
      });
    }
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
