// Random numbers from counter keys: every draw is a pure function of (seed, stream, index), so that
// results depend on no rank count, thread or order. Philox4x32-10 (Salmon et al., SC'11,
// Random123).
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace isoloss {

// Philox4x32-10: the block cipher itself; checked against Random123's known answers.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

// A stream's number from its name (FNV-1a, 64 bits).
std::uint64_t stream_of(std::string_view name);

// 128 random bits for draw `attempt` of element `index` in `stream`. The key is the seed and stream
// mixed; the counter is (index, attempt).
std::array<std::uint32_t, 4> random_bits(std::uint64_t seed, std::uint64_t stream,
                                         std::uint64_t index, std::uint64_t attempt = 0);

// Uniform in [0, 1), 53 bits.
double random_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                      std::uint64_t attempt = 0);

// Uniform integer in [0, bound), bound >= 1, without modulo bias worth 2^-53.
std::uint64_t random_below(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                           std::uint64_t bound);

// Standard normal (Box-Muller).
double random_normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                     std::uint64_t attempt = 0);

// Where `index` lands in a pseudo-random permutation of [0, size): a four-round Feistel network
// with cycle walking, so that no table is kept. index < size.
std::uint64_t random_permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                                 std::uint64_t size);

}  // namespace isoloss
