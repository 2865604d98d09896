// Tick marks of an axis: few, round and labelled so that a reader needs no arithmetic.
#pragma once
#include <string>
#include <vector>

namespace isoloss {

// Round values inside [low, high], about `target` of them. A logarithmic axis over more than four
// decades takes powers of ten, a shorter one 1-2-5 or linear steps.
std::vector<double> choose_ticks(double low, double high, bool logarithmic, int target = 6);

// "1.75", "0.03", "2·10¹¹", "10¹²".
std::string tick_label(double value);

}  // namespace isoloss
