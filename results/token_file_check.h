// The checksum of a token file (docs/format.md, "Token file"), for who need not read its tokens.
#pragma once
#include <filesystem>

namespace isoloss {

// InputError naming the file where it is foreign, cut short or changed.
void check_token_file(const std::filesystem::path& path);

}  // namespace isoloss
