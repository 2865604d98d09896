// Events and headers of a run as CBOR, the payload of the journal's frames (docs/format.md). Reals
// keep every bit but the payload of a NaN.
#pragma once
#include <string>
#include <string_view>

#include "results/journal.h"

namespace isoloss {

std::string header_to_cbor(const RunHeader& header);
std::string event_to_cbor(const RunEvent& event);

// std::runtime_error saying what is wrong where the bytes are no such thing.
RunHeader header_from_cbor(std::string_view bytes);
RunEvent event_from_cbor(std::string_view bytes);

}  // namespace isoloss
