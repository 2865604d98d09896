#include "model/spec/counter_random.h"

#include <cmath>
#include <numbers>

namespace isoloss {
namespace {

std::uint64_t splitmix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

double uniform53(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32) | low;
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c,
                                    std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = static_cast<std::uint64_t>(0xD2511F53u) * c[0];
    const std::uint64_t product1 = static_cast<std::uint64_t>(0xCD9E8D57u) * c[2];
    c = {static_cast<std::uint32_t>(product1 >> 32) ^ c[1] ^ k[0],
         static_cast<std::uint32_t>(product1),
         static_cast<std::uint32_t>(product0 >> 32) ^ c[3] ^ k[1],
         static_cast<std::uint32_t>(product0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

std::array<std::uint32_t, 4> random_bits(std::uint64_t seed, std::uint64_t stream,
                                         std::uint64_t index, std::uint64_t attempt) {
  const std::uint64_t key = splitmix(splitmix(seed) ^ stream);
  return philox({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                 static_cast<std::uint32_t>(attempt), static_cast<std::uint32_t>(attempt >> 32)},
                {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
}

double random_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                      std::uint64_t attempt) {
  const auto bits = random_bits(seed, stream, index, attempt);
  return uniform53(bits[0], bits[1]);
}

std::uint64_t random_below(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                           std::uint64_t bound) {
  return static_cast<std::uint64_t>(random_uniform(seed, stream, index) *
                                    static_cast<double>(bound));
}

double random_normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                     std::uint64_t attempt) {
  const auto bits = random_bits(seed, stream, index, attempt);
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform53(bits[0], bits[1])));
  return radius * std::cos(2.0 * std::numbers::pi * uniform53(bits[2], bits[3]));
}

std::uint64_t random_permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t index,
                                 std::uint64_t size) {
  int half = 1;
  while ((std::uint64_t{1} << (2 * half)) < size) ++half;
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  std::uint64_t value = index;
  do {
    std::uint64_t left = value >> half;
    std::uint64_t right = value & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const auto bits = random_bits(seed, stream, right, round + 1);
      const std::uint64_t mixed = left ^ (bits[0] & mask);
      left = right;
      right = mixed;
    }
    value = (left << half) | right;
  } while (value >= size);
  return value;
}

}  // namespace isoloss
