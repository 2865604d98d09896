// How often tests repeat one code path for its statistics.
#pragma once

namespace isoloss::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// `times`; `sanitized` under sanitizers, which see in fewer what there is for them to see.
constexpr unsigned repeats(unsigned times, unsigned sanitized) {
  return kSanitized ? sanitized : times;
}

}  // namespace isoloss::test
