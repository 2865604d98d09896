#include "harness/scoring/beam_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace isoloss {
namespace {

double log_of_sum(std::span<const double> logits) {
  const double most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - most);
  return most + std::log(sum);
}

// The `count` likeliest tokens, likeliest first.
std::vector<std::int32_t> likeliest(std::span<const double> logits, std::size_t count) {
  std::vector<std::int32_t> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  const auto logit = [&](std::int32_t token) { return logits[static_cast<std::size_t>(token)]; };
  const auto middle = tokens.begin() + static_cast<std::ptrdiff_t>(std::min(count, tokens.size()));
  std::partial_sort(tokens.begin(), middle, tokens.end(), [&](std::int32_t a, std::int32_t b) {
    return logit(a) != logit(b) ? logit(a) > logit(b) : a < b;
  });
  tokens.erase(middle, tokens.end());
  return tokens;
}

}  // namespace

double length_penalty(std::int64_t length, double alpha) {
  return std::pow((5.0 + static_cast<double>(length)) / 6.0, alpha);
}

BeamSearch::BeamSearch(const Options& options, Complete complete)
    : options_(options), complete_(std::move(complete)), living_(1) {}

double BeamSearch::score(const Hypothesis& hypothesis) const {
  return hypothesis.log_probability / length_penalty(std::ssize(hypothesis.tokens), options_.alpha);
}

void BeamSearch::advance(std::span<const double> logits) {
  const auto beams = static_cast<std::size_t>(options_.beams);
  // Twice as many, so that those that end here leave enough that go on; greedy decoding ends with
  // the first.
  const std::size_t kept = beams == 1 ? 1 : 2 * beams;
  const std::size_t vocabulary = logits.size() / living_.size();
  std::vector<Hypothesis> candidates;
  for (std::size_t parent = 0; parent < living_.size(); ++parent) {
    const std::span<const double> row = logits.subspan(parent * vocabulary, vocabulary);
    const double log_z = log_of_sum(row);
    for (const std::int32_t token : likeliest(row, kept)) {
      Hypothesis next = living_[parent];
      next.tokens.push_back(token);
      next.log_probability += row[static_cast<std::size_t>(token)] - log_z;
      next.parent = parent;
      candidates.push_back(std::move(next));
    }
  }
  std::ranges::stable_sort(candidates, std::greater<>(), &Hypothesis::log_probability);
  candidates.resize(std::min(kept, candidates.size()));
  living_.clear();
  for (Hypothesis& candidate : candidates) {
    if (complete_(candidate.tokens))
      completed_.push_back(std::move(candidate));
    else if (living_.size() < beams)
      living_.push_back(std::move(candidate));
  }
  if (!may_still_win()) finish();
}

// Its probability only falls; at best it keeps it and grows to the full length.
bool BeamSearch::may_still_win() const {
  if (living_.empty() || std::ssize(living_.front().tokens) >= options_.most_tokens) return false;
  if (completed_.empty()) return true;
  if (options_.beams == 1) return false;
  const double reachable =
      living_.front().log_probability / length_penalty(options_.most_tokens, options_.alpha);
  return std::ranges::none_of(completed_,
                              [&](const Hypothesis& done) { return score(done) > reachable; });
}

void BeamSearch::finish() {
  const std::vector<Hypothesis>& from = completed_.empty() ? living_ : completed_;
  best_ = *std::ranges::max_element(
      from, {}, [&](const Hypothesis& hypothesis) { return score(hypothesis); });
  living_.clear();
}

}  // namespace isoloss
