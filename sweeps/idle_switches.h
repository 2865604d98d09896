// Fields of a model that a study gives and that change none of its models: they would let it
// compare a model with itself under two names.
#pragma once
#include <span>

#include "sweeps/grid.h"

namespace isoloss {

// InputError with file, line and key: a field that means nothing to any of the cells that it is
// given for (a base of rotary positions where positions are relative); one of the hidden layer's
// three widths where a stronger one decides in all of them; shared queries and keys that leave a
// model no convolution. Values that are the frame's or the architecture's anyway may stand.
void refuse_idle_switches(const Study& study, std::span<const Cell> cells);

}  // namespace isoloss
