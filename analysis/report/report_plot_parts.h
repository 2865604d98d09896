// What the report's plots have in common: axes, an architecture's series, and what a trial's marker
// says.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/plot/plot.h"
#include "analysis/report/report_study.h"

namespace isoloss {

Axis compute_axis();  // training FLOPs, logarithmic
Axis loss_axis();     // held-out nats per token, logarithmic

// The loss axis once more in bits per byte, where all results agree on bytes per token.
std::optional<SecondAxis> bits_per_byte_axis(const StudyResults& study);

// In the architecture's colour, marker and dash.
Series series_of(const StudyResults& study, const std::string& architecture, SeriesKind kind,
                 std::string title);

// Trials of an architecture, and budgets, beyond which a plot and its CSV hold an even selection of
// so many: a plot of a million trials is a gigabyte of files. A note or the caption says so. (Of
// those the page draws a few thousand, plot.h.)
constexpr std::size_t kMostDrawn = 30'000;
constexpr std::size_t kMostBudgetsDrawn = 24;

// Places of an even selection of `most` of `count`, first and last among them; all of fewer.
std::vector<std::size_t> drawn_places(std::size_t count, std::size_t most);

// Architecture, size, seed, budget, loss, and whatever else the point says, a line each.
std::string tip_of(const Point& point);

// The same of a frontier's optimum.
std::string tip_of(const std::string& architecture, const Optimum& optimum);

}  // namespace isoloss
