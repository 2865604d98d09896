// A study folder as `isoloss run` leaves it, with losses from a law that is written down here:
//   L(N, C) = 1.2 + 0.62 s^-0.25 (C / 1e12)^-0.25 + 0.15 (ln N - 0.5 ln C - g)^2
// with s the saving against the transformer at every loss, g so that N* = 20,000 at 9.3e11.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/temporary_folder.h"

namespace isoloss {

struct StudyRecipe {
  // Names and savings; the first is the baseline where it is called transformer.
  std::vector<std::pair<std::string, double>> architectures{
      {"transformer", 1.0}, {"transformer++", 1.7}, {"primer-ez", 1.3}, {"primer", 1.5}};
  std::vector<double> budgets{2e11, 4.3e11, 9.3e11, 2e12};
  std::string study = "fixture";
  std::string machine = "a processor";
  bool replicates = true;  // a second seed at two sizes
  bool floor_known = false;
  double batch_tokens = 1024;
  double rate_step = 1.6;  // between neighbours of the learning-rate search
  bool rate_list = false;  // three rates at every size and budget, nothing searched
  double seed_noise = 0.004;
  // The model of an architecture's spec as JSON; of one that is not named, no model is recorded.
  std::map<std::string, std::string> models = {};
};

// Loss of the law, without noise.
double fixture_loss(double parameters, double flops, double saving);
inline constexpr double kFixtureFloor = 1.2;
// Accuracies of the two tasks that training scores, without noise: sigmoids of the loss.
double fixture_last_word(double loss);
double fixture_continuation(double loss);

// Writes the study into a folder of its own.
test::TemporaryFolder write_study(const StudyRecipe& recipe);

}  // namespace isoloss
