// The checksum CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected, all ones before and after:
// RFC 3720, section 12.1), which others' formats ask for. Ours carry XXH3-64.
#pragma once
#include <cstdint>
#include <string_view>

namespace isoloss {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace isoloss
