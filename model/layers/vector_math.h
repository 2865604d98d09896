#pragma once

namespace isoloss {

// Calls once, on one thread, each of the vector functions that LibTorch hands to MKL and that the
// layers use, in float and double. MKL 2024.2 chooses a function's code at its first call; where two
// threads make that call at once, one of them can get the low-accuracy code for that call (seen: 3
// of 240 processes whose first two steps ran side by side differed in the last bits). Every later
// call does nothing. Thread-safe.
void resolve_vector_math();

}  // namespace isoloss
