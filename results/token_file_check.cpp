#include "results/token_file_check.h"

#include <xxhash.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "results/file_seal.h"
#include "results/unread_error.h"

namespace isoloss {

namespace {

constexpr std::string_view kTokenMagic = "ISOLTOK\n";
constexpr std::size_t kChecksumAt = 104;
constexpr std::size_t kHeaderBytes = 112;

}  // namespace

void check_token_file(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& why) {
    throw InputError("cannot read " + path.string() + " (" + why +
                     "); remove it: it is made again from the text");
  };
  const auto fail = [&]() {
    throw UnreadError("cannot read " + path.string() + " (" +
                      std::generic_category().message(errno) +
                      "); check the path and its permissions");
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) fail();
  std::string header(kHeaderBytes, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  if (file.bad()) fail();
  if (!file || !header.starts_with(kTokenMagic)) refuse("it is no token file");
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  XXH3_64bits_update(state.get(), header.data(), kChecksumAt);
  std::vector<char> block(std::size_t{1} << 20);
  do {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    XXH3_64bits_update(state.get(), block.data(), static_cast<std::size_t>(file.gcount()));
  } while (file);
  if (file.bad()) fail();
  if (XXH3_64bits_digest(state.get()) != u64_at(header, kChecksumAt))
    refuse("its checksum does not match: it is damaged");
}

}  // namespace isoloss
