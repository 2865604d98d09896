#include "harness/scoring/shared_scorer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "harness/ranks/gather_bytes.h"
#include "harness/ranks/stop_signal.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

// Requests asked together: enough to batch, few enough that ranks end at about the same time.
constexpr std::size_t kScoredTogether = 256, kWrittenTogether = 64;

// Values one after the other as bytes, and back; ranks of one job have one byte order.
class Packed {
 public:
  Packed() = default;
  explicit Packed(std::string bytes) : bytes_(std::move(bytes)) {}

  template <typename Value>
  void put(const Value& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(Value));
  }
  void put_text(const std::string& text) {
    put(text.size());
    bytes_ += text;
  }
  template <typename Value>
  Value take() {
    Value value{};
    std::memcpy(&value, bytes_.data() + at_, sizeof(Value));
    at_ += sizeof(Value);
    return value;
  }
  std::string take_text() {
    const auto size = take<std::size_t>();
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

void pack(Packed& to, const ContinuationScore& score) {
  to.put(score.log_probability);
  to.put(score.greedy);
  to.put(score.truncated_tokens);
}

void unpack(Packed& from, ContinuationScore& score) {
  score.log_probability = from.take<double>();
  score.greedy = from.take<bool>();
  score.truncated_tokens = from.take<std::int64_t>();
}

void pack(Packed& to, const Generation& written) {
  to.put(written.tokens.size());
  for (const std::int32_t token : written.tokens) to.put(token);
  to.put_text(written.text);
  to.put(written.log_probability);
  to.put(written.truncated_tokens);
}

void unpack(Packed& from, Generation& written) {
  written.tokens.resize(from.take<std::size_t>());
  for (std::int32_t& token : written.tokens) token = from.take<std::int32_t>();
  written.text = from.take_text();
  written.log_probability = from.take<double>();
  written.truncated_tokens = from.take<std::int64_t>();
}

}  // namespace

SharedScorer::SharedScorer(Scorer& own, Communicator& ranks, std::function<bool()> stop)
    : own_(own), ranks_(ranks), stop_(std::move(stop)) {}

// Units go round the ranks. What a rank could not do is told with its answers, so that nobody waits
// for it.
template <typename Answer, typename Request, typename Ask>
std::vector<Answer> SharedScorer::divided(std::span<const Request> requests, std::size_t unit,
                                          const Ask& ask) {
  const auto ranks = static_cast<std::size_t>(ranks_.size());
  const auto mine = static_cast<std::size_t>(ranks_.rank());
  Packed answers;
  std::string problem;
  for (std::size_t round = 0; round < requests.size(); round += ranks * unit) {
    if (stop_()) throw Stopped();
    const std::size_t first = round + mine * unit;
    if (first >= requests.size() || !problem.empty()) continue;
    try {
      for (const Answer& answer :
           ask(requests.subspan(first, std::min(unit, requests.size() - first))))
        pack(answers, answer);
    } catch (const InputError& error) {
      problem = error.what();
    }
  }
  // Once more before ranks wait for each other: one may have failed in its last requests.
  if (ranks > 1 && stop_()) throw Stopped();
  for (const std::string& its : gather_bytes(ranks_, problem))
    if (!its.empty()) throw InputError(its);
  std::vector<Packed> of_ranks;
  for (std::string& bytes : gather_bytes(ranks_, answers.bytes()))
    of_ranks.emplace_back(std::move(bytes));
  std::vector<Answer> all(requests.size());
  for (std::size_t i = 0; i < all.size(); ++i) unpack(of_ranks[i / unit % ranks], all[i]);
  return all;
}

std::vector<ContinuationScore> SharedScorer::score(std::span<const ScoreRequest> requests) {
  return divided<ContinuationScore>(requests, kScoredTogether,
                                    [&](auto part) { return own_.score(part); });
}

std::vector<Generation> SharedScorer::generate(std::span<const GenerationRequest> requests) {
  return divided<Generation>(requests, kWrittenTogether,
                             [&](auto part) { return own_.generate(part); });
}

}  // namespace isoloss
