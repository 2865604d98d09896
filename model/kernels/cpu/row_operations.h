// The small passes between products: a branch added to the stream, biases, sums down columns,
// gradients of products, casts. Matrices are contiguous, [rows, width].
#pragma once
#include <cstdint>

#include "model/kernels/cpu/stored.h"

namespace isoloss {

// to = stream + branch + bias; stream and bias may be null (zero), `to` may be `stream`.
template <typename Stored>
void add_branch(std::int64_t rows, std::int64_t width, const RealOf<Stored>* stream,
                const Stored* branch, const RealOf<Stored>* bias, RealOf<Stored>* to);

// Adds `bias` to every row.
template <typename Stored>
void add_bias(std::int64_t rows, std::int64_t width, const RealOf<Stored>* bias, Stored* to);

// sums += the sum over rows.
template <typename Stored>
void add_rows(std::int64_t rows, std::int64_t width, const Stored* from, RealOf<Stored>* sums);

// to += factor from.
template <typename Stored>
void add_all(std::int64_t count, const Stored* from, RealOf<Stored> factor, RealOf<Stored>* to);

// to = from, rounded.
template <typename Stored>
void store_all(std::int64_t count, const RealOf<Stored>* from, Stored* to);

}  // namespace isoloss
