// Whole documents are held out, so that of few long ones far more is lost to training than
// data.validation says.
#pragma once
#include <cstdint>
#include <string>

namespace isoloss {

// What a user is told where more than twice the share `validation` of all tokens is held out; empty
// otherwise.
std::string held_out_note(std::int64_t held_out, std::int64_t training, double validation);

}  // namespace isoloss
