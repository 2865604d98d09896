// The surface's terms: an exponential of k, and the square of ln N - a ln C - g. Axes: k, a, g.
#include "analysis/laws/cells.h"

namespace isoloss {
namespace {

struct SurfaceCells {
  static CellBox whole(const Law& law, const LawData&) {
    CellBox box{Eigen::ArrayXd(3), Eigen::ArrayXd(3)};
    for (Eigen::Index a = 0; a < 3; ++a) {
      box.low[a] = law.shape[static_cast<std::size_t>(a)].lowest;
      box.high[a] = law.shape[static_cast<std::size_t>(a)].highest;
    }
    return box;
  }

  static bool shrink(const Law&, const LawData&, CellBox&) { return true; }

  static LawCell cell(const Law&, const LawData& data, const CellBox& box) {
    const Eigen::ArrayXd middle = box.middle(), half = box.half();
    const auto n = data.z.col(0), c = data.z.col(1);
    TermCell frontier;
    frontier.kind = TermKind::Exponential;
    frontier.axes = {0};
    frontier.v.resize(data.points(), 2);
    frontier.v.col(0) = -middle[0] * c - data.log_loss;
    frontier.v.col(1) = -half[0] * c;
    TermCell valley;
    valley.kind = TermKind::Square;
    valley.axes = {1, 2};
    const Eigen::ArrayXd scale = data.loss.sqrt().inverse();
    valley.v.resize(data.points(), 3);
    valley.v.col(0) = scale * (n - middle[1] * c - middle[2]);
    valley.v.col(1) = -half[1] * scale * c;
    valley.v.col(2) = -half[2] * scale;
    LawCell out;
    out.terms.push_back(finished(std::move(frontier)));
    out.terms.push_back(finished(std::move(valley)));
    return out;
  }

  static LawState state(const Law&, const Eigen::ArrayXd& place, const Eigen::ArrayXd& log_amount) {
    return {log_amount, place, 0};
  }
};

}  // namespace

const LawCells kSurfaceCells = {SurfaceCells::whole, SurfaceCells::shrink, SurfaceCells::cell,
                                SurfaceCells::state};

}  // namespace isoloss
