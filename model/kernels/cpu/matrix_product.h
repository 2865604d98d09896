// Products of float32 matrices that read their operands where they lie: rows of the left one's
// elements are spread over vectors of the right one's, of which 32 columns at a time are laid side
// by side (turned, where they were rows). One thread's work; a sum's order follows from the shape.
#pragma once
#include <cstdint>

namespace isoloss {

// Element (r, c) is data[r * row + c * column]; one of the two strides is 1.
struct MatrixPlace {
  const float* data = nullptr;
  std::int64_t row = 0;
  std::int64_t column = 1;
};

struct ProductExtents {
  std::int64_t rows = 0, columns = 0, inner = 0;
};

// Rows of C that are worked on at the same time.
inline constexpr std::int64_t kProductRows = 12;

// C = factor A B, or C += factor A B; C's rows are `c_row` apart.
enum class Into { Overwritten, AddedTo };
void multiply(const ProductExtents& shape, const MatrixPlace& a, const MatrixPlace& b, float factor,
              Into into, float* c, std::int64_t c_row);

}  // namespace isoloss
