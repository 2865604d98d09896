#include "model/spec/tell.h"

#include <cstdio>
#include <string>

namespace isoloss {

void tell(std::string_view line) { tell_as_written("isoloss: " + std::string(line) + "\n"); }

void tell_as_written(std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

}  // namespace isoloss
