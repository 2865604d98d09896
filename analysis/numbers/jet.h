// Numbers that carry their first and second derivatives by K coordinates (forward mode), so that a
// law writes its formula once and the solver has exact gradient and curvature.
#pragma once
#include <array>
#include <cmath>

namespace isoloss {

template <int K>
struct Jet {
  static constexpr int kPairs = K * (K + 1) / 2;
  double v = 0;
  std::array<double, K> g{};
  std::array<double, kPairs> h{};  // lower triangle by rows: (j, k <= j) at j (j + 1) / 2 + k

  Jet() = default;
  Jet(double value) : v(value) {}  // NOLINT: a constant is a jet
  static Jet coordinate(double value, int j) {
    Jet jet(value);
    jet.g[static_cast<std::size_t>(j)] = 1;
    return jet;
  }
};

// f(u) with f' = slope and f'' = bend at u.
template <int K>
Jet<K> chain(const Jet<K>& u, double value, double slope, double bend) {
  Jet<K> r(value);
  std::size_t p = 0;
  for (std::size_t j = 0; j < K; ++j) {
    r.g[j] = slope * u.g[j];
    for (std::size_t k = 0; k <= j; ++k, ++p) r.h[p] = slope * u.h[p] + bend * u.g[j] * u.g[k];
  }
  return r;
}

template <int K>
Jet<K> operator+(Jet<K> a, const Jet<K>& b) {
  a.v += b.v;
  for (std::size_t j = 0; j < K; ++j) a.g[j] += b.g[j];
  for (std::size_t p = 0; p < Jet<K>::kPairs; ++p) a.h[p] += b.h[p];
  return a;
}
template <int K>
Jet<K> operator*(double s, Jet<K> a) {
  a.v *= s;
  for (double& d : a.g) d *= s;
  for (double& d : a.h) d *= s;
  return a;
}
template <int K>
Jet<K> operator*(const Jet<K>& a, const Jet<K>& b) {
  Jet<K> r(a.v * b.v);
  std::size_t p = 0;
  for (std::size_t j = 0; j < K; ++j) {
    r.g[j] = a.v * b.g[j] + b.v * a.g[j];
    for (std::size_t k = 0; k <= j; ++k, ++p) {
      r.h[p] = a.v * b.h[p] + b.v * a.h[p] + a.g[j] * b.g[k] + a.g[k] * b.g[j];
    }
  }
  return r;
}
template <int K>
Jet<K> operator-(const Jet<K>& a) {
  return -1.0 * a;
}
template <int K>
Jet<K> operator-(const Jet<K>& a, const Jet<K>& b) {
  return a + (-1.0 * b);
}
template <int K>
Jet<K> operator+(Jet<K> a, double s) {
  a.v += s;
  return a;
}
template <int K>
Jet<K> operator-(Jet<K> a, double s) {
  a.v -= s;
  return a;
}
template <int K>
Jet<K> operator/(const Jet<K>& a, const Jet<K>& b) {
  const double i = 1 / b.v;
  return a * chain(b, i, -i * i, 2 * i * i * i);
}
template <int K>
Jet<K> exp(const Jet<K>& u) {
  const double e = std::exp(u.v);
  return chain(u, e, e, e);
}
template <int K>
Jet<K> log(const Jet<K>& u) {
  return chain(u, std::log(u.v), 1 / u.v, -1 / (u.v * u.v));
}
template <int K>
double value_of(const Jet<K>& u) {
  return u.v;
}
inline double value_of(double u) { return u; }

}  // namespace isoloss
