// What the report's plots have in common: axes, an architecture's series, and what a trial's marker
// says.
#pragma once
#include <optional>
#include <string>

#include "analysis/plot.h"
#include "analysis/report_study.h"

namespace isoloss {

Axis compute_axis();  // training FLOPs, logarithmic
Axis loss_axis();     // held-out nats per token, logarithmic

// The loss axis once more in bits per byte, where all results agree on bytes per token.
std::optional<SecondAxis> bits_per_byte_axis(const StudyResults& study);

// In the architecture's colour, marker and dash.
Series series_of(const StudyResults& study, const std::string& architecture, SeriesKind kind,
                 std::string title);

// Architecture, size, seed, budget, loss, and whatever else the point says, a line each.
std::string tip_of(const Point& point);

// The same of a frontier's optimum.
std::string tip_of(const std::string& architecture, const Optimum& optimum);

}  // namespace isoloss
