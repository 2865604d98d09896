// What the laws are over cells of their axes (law_cells.h).
#pragma once
#include "analysis/laws/law_cells.h"

namespace isoloss {

extern const LawCells kPowerOfSumCells;  // gamma and kaplan: LogSum's law
extern const LawCells kSurfaceCells;
extern const LawCells kDataConstrainedCells;

}  // namespace isoloss
