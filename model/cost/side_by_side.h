// How the threads of a run share a step: products of small models are too small to be split, so
// each thread takes a part of the batch where it can, with a gradient buffer of its own.
#pragma once
#include <cstdint>

namespace isoloss {

// Parts of `rows` sequences that `threads` threads work on at the same time: one for each thread
// where that divides the rows and the gradients beyond the first buffer, of `gradient_bytes` each,
// stay below 16 MB together; else 1, and the threads share every product.
std::int64_t parts_side_by_side(std::int64_t rows, std::int64_t threads, double gradient_bytes);

}  // namespace isoloss
