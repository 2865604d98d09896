// What `--json` prints.
#pragma once
#include <fmt/format.h>

namespace isoloss {

// One line on standard output. A file's name need be no UTF-8, JSON must: bytes that are none stand
// as U+FFFD.
template <class Json>
void print_json(const Json& value) {
  fmt::print("{}\n", value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace isoloss
