// Half of a surrogate pair in JSON: an escape such as \ud800 without its other half. Python's
// json.dumps writes it, UTF-8 cannot hold it (RFC 8259, section 8.2), and parsers refuse the line.
#pragma once
#include <string>
#include <string_view>

namespace isoloss {

// The first such escape in one JSON text, as it is written there; empty where there is none.
std::string_view lone_surrogate(std::string_view json);

// "half of a surrogate pair, \ud800 (..); what to do", for a line that has one.
std::string lone_surrogate_refusal(std::string_view escape);

}  // namespace isoloss
