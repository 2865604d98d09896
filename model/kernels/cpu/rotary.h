// Rotary positions (Su et al. 2021, arXiv 2104.09864) in Llama's half-split order: channel i of a
// head turns with channel i + d_head / 2 by position * base^(-2i / d_head). The plain version is in
// model/layers/positions.h.
#pragma once
#include <cstdint>

#include "model/kernels/cpu/causal_attention.h"

namespace isoloss {

enum class Turn { Forward, Back };  // Back is the gradient's

// Turns `heads` heads of `rows` in place, of every step of [batch, length].
template <typename Stored>
void rotate(const AttentionShape& shape, std::int64_t heads, double base, Turn turn,
            Rows<Stored> rows);

}  // namespace isoloss
