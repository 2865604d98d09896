// Whole training steps on a GPU: tokens a second, utilisation by two conventions, memory planned
// against memory taken; and small trials that share the GPU against one after the other.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "model/cost/roofline.h"
#include "model/device/device_training.h"
#include "model/spec/model_spec.h"

namespace isoloss {

// Medians and quartiles over steps, host's clock from the end of one step to the end of the next.
struct StepTiming {
  double seconds = 0, low = 0, high = 0;
  int steps = 0;
  double began = 0, ended = 0;  // seconds since 1970
};

// Whether the steps trained: all of them, also those that were not timed.
struct StepsTaken {
  int steps = 0;
  double first_loss = 0, last_loss = 0;
  bool finite = true;  // every loss and gradient norm

  void add(const DeviceMetrics& metrics);
};

struct StepResult {
  StepTiming timing;
  StepsTaken taken;
  double tokens = 0;  // of a step
  double planned_bytes = 0, taken_bytes = 0;
};

struct StepCase {
  std::string name;
  ModelSpec spec;
  double asked = 0;                 // tokens per second; 0: none
  std::vector<KernelWork> kernels;  // of a step
  std::function<StepResult(double seconds)> measure;
};

// The reference models (tests/model/cost/reference_models.h) with AdamW, float32 moments and
// clipping at 1, at most eight parts a step, on random ids.
std::vector<StepCase> step_cases();

// What a row of steps may be called: the models' names and kPackedTrialsName.
inline constexpr const char* kPackedTrialsName = "packed trials";
std::vector<std::string> step_names();

// Trials that share the GPU (tests/model/cost/reference_models.h): tokens per second of all
// together, one after the other and side by side, each on a stream of its own.
struct PackingResult {
  double alone = 0, together = 0;
  double began = 0, ended = 0;
  StepsTaken taken;  // losses of the first trial, finite: of all
};
PackingResult measure_packing(double seconds);

}  // namespace isoloss
