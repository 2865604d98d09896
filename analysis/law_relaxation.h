// The convex problem that lies below the objective everywhere in a cell, for laws that are a floor
// and coefficients times terms (law_cell_bound.h).
#pragma once
#include <Eigen/Core>
#include <vector>

#include "analysis/cell_law.h"
#include "analysis/convex_descent.h"
#include "analysis/law_objective.h"
#include "analysis/residual_bend.h"

namespace isoloss {

// What no coefficient of a cell changes.
struct CellGround {
  Eigen::ArrayXd offset;  // by point: what is given of the floor, over the measured loss
  bool free_floor = false;
  Eigen::ArrayXd most;  // of each coefficient, anywhere (CellLaw)
};

// Unknowns x: of each term its amount at every corner of its axes (together its coefficient, their
// mean its place), then the floor. Predicted over measured loss is at most high x, and exactly the
// sum of amount x the term at its place.
struct CellColumns {
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  std::vector<CellTerm> terms;
  std::vector<TermAxisList> axes;             // by term
  std::vector<std::vector<TermAxes>> corner;  // by term: places about the cell's middle
  std::vector<Eigen::Index> first;            // by term: its first unknown
  Eigen::Index size = 0;                      // unknowns
  Rows high;
  Eigen::ArrayXd most;   // of each term's amounts together, then of the floor
  Eigen::ArrayXd scale;  // what one of x is of coefficient or floor

  double amount(const Eigen::VectorXd& x, std::size_t term) const;
  // About the cell's middle; the middle where there is no amount.
  TermAxes place(const Eigen::VectorXd& x, std::size_t term) const;
};

// Of the terms over `box`. `reach` [points]: predicted over measured loss is at most this.
CellColumns cell_columns(std::vector<CellTerm> terms, std::vector<TermAxisList> axes,
                         const CellBox& box, const CellGround& ground, const Eigen::ArrayXd& loss,
                         const Eigen::ArrayXd& reach);

// What the objective is, side by side.
struct RelaxedObjective {
  FitSpace space = FitSpace::Log;
  ResidualSide over, under;  // residuals above and below zero
  double known = 0;          // of a fit; a cell whose least is above it needs no more work
};

class LawRelaxation {
 public:
  // All outlive it.
  LawRelaxation(const CellGround& ground, const LawData& data, const RelaxedObjective& objective,
                const CellColumns& columns, const Eigen::ArrayXd& reach);

  // From `x` to the minimum. Raises `lower` to what is known to lie below it, and stops early where
  // that has reached `target` or cannot.
  Eigen::VectorXd minimum(Eigen::VectorXd x, double target, double& lower) const;

 private:
  ConvexLook look(const Eigen::VectorXd& x, double knee) const;

  const CellGround& ground_;
  const LawData& data_;
  const RelaxedObjective& objective_;
  const CellColumns& columns_;
  const Eigen::ArrayXd& reach_;
};

}  // namespace isoloss
