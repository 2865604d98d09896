// What a GPU must do at least for a piece of work, and how long that takes at its data sheet's
// rates: the roofline (Williams, Waterman and Patterson 2009, doi 10.1145/1498765.1498785), the
// larger of two times, that of its bytes and that of its arithmetic.
#pragma once
#include <string>

#include "model/cost/data_sheet.h"
#include "model/spec/model_spec.h"

namespace isoloss {

struct KernelWork {
  std::string name;
  double launches = 1;
  double bytes = 0;         // of one launch: each input read once, each output written once
  double matrix_flops = 0;  // of one launch, on the matrix units; float32 has none
  double scalar_flops = 0;  // of one launch, in float32
};

struct RooflineSeconds {
  double memory = 0;
  double arithmetic = 0;

  double seconds() const { return memory > arithmetic ? memory : arithmetic; }
  bool by_memory() const { return memory > arithmetic; }
};

// Of all its launches.
RooflineSeconds roofline(const KernelWork& work, const DataSheet& sheet);

// The share of the peak that a training rate makes use of, by the two conventions that are quoted.
// Both count 6 FLOPs a parameter and token; attention (width = heads d_head) counts
//   causal: 6 layers T width, the half that the mask leaves (llm.c),
//   full: 12 layers T width, whole T x T matrices (Chowdhery et al. 2022, arXiv 2204.02311,
//   appendix B).
struct Utilisation {
  double causal = 0, full = 0;
};
Utilisation utilisation(const ModelSpec& spec, double tokens_per_second, double peak_flops);

}  // namespace isoloss
