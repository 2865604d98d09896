// `isoloss fit`: one law fitted to points, with intervals and flags (docs/comparison.md; JSON keys
// of docs/format.md).
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "analysis/fit/frontier.h"
#include "analysis/fit/isoflop_fit.h"
#include "analysis/fit/predict_calibration.h"
#include "analysis/fit/stored_fit.h"
#include "analysis/numbers/statistics.h"
#include "analysis/points/points.h"
#include "analysis/solver/law_certificate.h"
#include "analysis/solver/law_solver.h"

namespace isoloss {

struct FitOptions {
  std::string law = "power";               // a name of laws(), or isoflop
  bool tied = false;                       // the exponents of N and D are equal
  std::optional<ObjectiveKind> objective;  // empty: huber over points, squares along a frontier
  double delta = 1e-3;
  double overestimate = 10;  // asymmetric_huber: how much dearer a prediction above a point is
  FitSpace space = FitSpace::Log;
  FloorChoice floor;
  std::string architecture;  // empty: every point
  int bootstrap = 200;       // resamples; whole runs where a folder says which
  double level = 0.95;
  std::uint64_t seed = 1;
  int threads = 1;
  // power only. Auto: the compute-optimal frontier of a table from a study folder, every point of a
  // CSV. Points: every point.
  FrontierKind frontier = FrontierKind::Auto;
  double from_budget = 0;  // points of smaller nominal budgets are left out
  bool embeddings = true;  // N counts the token embedding
  bool calibrate = false;  // leave-future-out table and prediction intervals (a fit per fold)
  // How far the optimum can be from the best, on `threads` (law_certificate.h).
  CertificateEffort certify = CertificateEffort::None;
  std::function<void(const CertificateProgress&)> certificate_progress = {};
};

// What a fit's draws are: points or whole runs resampled, or losses moved by measured noise.
enum class DrawKind { None, Points, Runs, Noise };

// What a fit's intervals come from; `uncertainty` says it in words, with the reason.
enum class IntervalKind {
  None,
  ResidualScatter,       // lack of fit, Student's t
  ResidualScatterByRun,  // the same, points of one run summed first
  PointBootstrap,
  RunBootstrap,
  NoiseProfile,  // measured seed noise (and held-out noise), Student's t
  NoiseDraws     // the same, percentiles
};

using NamedInterval = std::pair<std::string, Interval>;

struct Fit {
  std::string law;
  bool tied = false;
  std::size_t n = 0;
  ObjectiveKind objective = ObjectiveKind::Huber;
  double delta = 0;
  double overestimate = 0;
  FitSpace space = FitSpace::Log;
  double value = 0;  // SUM over points of the objective at the optimum
  std::vector<std::pair<std::string, double>> parameters;  // as the law prints them
  std::vector<std::string> units;                          // of them, as Law::units
  // Nats of each evaluation set where floors are pinned by it; E of `parameters` is then zero and
  // no parameter of the fit.
  std::map<std::string, double> floor_by_evaluation;
  std::vector<NamedInterval> intervals;            // what `uncertainty` names
  std::vector<NamedInterval> lack_of_fit;          // Student t, from the scatter about the law
  std::vector<NamedInterval> bootstrap_intervals;  // of the draws, where there are any
  bool converged = false;
  std::vector<std::string> flags;
  double gradient_norm = 0;  // scale-free, at the optimum
  double condition = 0;      // of the curvature there, scaled to a unit diagonal
  int starts_agreeing = 0, starts = 0;
  int resamples = 0, failed_resamples = 0;
  DrawKind draw_kind = DrawKind::None;
  IntervalKind interval_kind = IntervalKind::None;
  std::vector<std::vector<double>> draws;  // one a draw, as `parameters`; NaN where it failed
  std::uint64_t seed = 0;
  double level = 0;
  std::string uncertainty;                       // what the intervals rest on, in words
  FrontierKind frontier = FrontierKind::Points;  // what was fitted
  std::vector<IsoflopRow> rows;                  // law isoflop: one a budget
  std::optional<PredictionBasis> basis;          // empty where no degree of freedom is left
  std::optional<Calibration> calibration;        // where asked for and the budgets allow it
  std::string calibration_missing;               // why there is none, where it was asked for
  std::optional<LawCertificate> certificate;     // where asked for and the law has one
  FitOrigin origin;

  bool has_flag(const std::string& name) const;
  // Whether one of `parameters` is one of the fit: E is none where floors are pinned.
  bool is_parameter(const std::string& name) const;
  double parameter(const std::string& name) const;  // programmer error where there is none
};

// InputError naming the option that is out of range.
void check_options(const FitOptions& options);

// Throws InputError for too few points or columns a law needs and the table lacks (those of
// embeddings among them), WorkError where
// the fit did not converge.
Fit fit_law(const PointTable& table, const FitOptions& options);

// A power law along frontier points, without intervals; objective squares unless the options say.
Fit fit_frontier(const std::vector<FrontierPoint>& used, const FitOptions& options);

const char* name_of(ObjectiveKind kind);
const char* name_of(FitSpace space);
const char* name_of(DrawKind kind);
const char* name_of(IntervalKind kind);
nlohmann::json to_json(const Fit& fit);

}  // namespace isoloss
