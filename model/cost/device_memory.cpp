#include "model/cost/device_memory.h"

#include <algorithm>

#include "model/cost/optimizer_state.h"
#include "model/cost/quantities.h"
#include "model/spec/parameters.h"
#include "model/spec/shard.h"
#include "model/spec/tensor_shares.h"

namespace isoloss {
namespace {

constexpr double kProductWorkspace = 32 << 20;  // model/kernels/cuda/product.h
constexpr double kMostLogits = 1 << 30;    // of a chunk of rows: model/device/device_decoder.cpp
constexpr std::int64_t kRowsPadded = 128;  // rows of a head: model/kernels/cuda/attention.h
constexpr double kQueriesOfBlock = 32;     // that sum the bias's gradient by themselves
constexpr std::int64_t kRowsOfEmbeddingSum = 32;  // model/kernels/cuda/embedding_index.h

std::int64_t rounded_up(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }

// Where norms stand, as model/device/sub_layer.cpp has them.
struct Norms {
  explicit Norms(const ModelSpec& spec)
      : post(spec.norm_placement == NormPlacement::Post && spec.norm != Norm::None),
        primer(spec.norm_placement == NormPlacement::Primer),
        before(spec.norm_placement == NormPlacement::Pre || both(spec)),
        of_attention(both(spec)),
        of_feed_forward(both(spec) || primer),
        any(spec.norm != Norm::None),
        statistics(kFloat * (spec.norm == Norm::Rms ? 1 : 2)) {}
  static bool both(const ModelSpec& spec) { return spec.norm_placement == NormPlacement::Both; }

  bool post, primer;
  bool before;                         // of what either sub-layer reads; primer: attention alone
  bool of_attention, of_feed_forward;  // of the branch
  bool any;
  double statistics;  // bytes a token
};

// Bytes of one token, by what they are for; `stored` bytes a value that is not float32.
class PerToken {
 public:
  PerToken(const ModelSpec& spec, const DeviceMemoryOptions& options)
      : spec_(spec),
        norms_(spec),
        stored_(options.bfloat16 ? 2 : kFloat),
        d_(real(spec.d_model)),
        query_(real(attention_width(spec))),
        keys_of_all_(spec.shared_qk != SharedQk::Full || options.tensor_ranks == 1
                         ? 0
                         : query_ * real(options.tensor_ranks)),
        projected_((projects_queries() ? query_ : 0) + 2 * real(kv_width(spec))),
        hidden_(real(rounded_up(feed_forward_width(spec), 8))),
        before_(spec.gated ? 2 * hidden_ : hidden_) {}

  // A sum of stream and branch, which whoever reads a stream keeps.
  double sum() const { return kFloat * d_; }
  double multiplied() const { return spec_.rezero ? stored_ * d_ : 0; }

  double attention(bool sums) const {
    return sub_layer(norms_.before || norms_.primer, norms_.of_attention, sums) +
           stored_ * ((convolves() ? 2 : 1) * projected_ + (projects_queries() ? 0 : query_) +
                      query_ + keys_of_all_) +
           kFloat * rows_of_heads();
  }
  double feed_forward() const {
    return sub_layer(norms_.before, norms_.of_feed_forward, true) + stored_ * (before_ + hidden_);
  }
  bool sums_between() const { return !norms_.post; }

  // Once in a model: the embedded stream, branches and their gradients, what the output reads, the
  // stream's gradient, and the larger sub-layer's gradients.
  double once() const {
    const bool final_norm = norms_.any && spec_.norm_placement != NormPlacement::Post;
    const double top = (norms_.post ? 0 : sum()) + read(final_norm);
    const double branches = stored_ * d_ * (spec_.token_shift ? 6 : 5);
    const double gradients = stored_ * d_ + kFloat * d_ * (norms_.post ? 2 : 1);
    const double embedding = 2 * kFloat * d_ / real(kRowsOfEmbeddingSum);
    return sum() + branches + top + gradients + embedding +
           std::max(of_attention(), stored_ * (hidden_ + before_));
  }

 private:
  bool projects_queries() const { return spec_.shared_qk == SharedQk::No; }
  bool convolves() const { return spec_.convolution_width > 0 || spec_.key_value_scale != 1; }
  // Rows of all heads for a token, with those that fill up a sequence.
  double rows_of_heads() const {
    return real(head_count(spec_)) * real(rounded_up(spec_.sequence, kRowsPadded)) /
           real(spec_.sequence);
  }
  double read(bool normed) const {
    return (normed || stored_ < kFloat ? stored_ * d_ : 0) + (normed ? norms_.statistics : 0);
  }
  double sub_layer(bool norms_input, bool norms_branch, bool sums) const {
    double bytes = read(norms_.any && norms_input) + multiplied();
    if (sums && !norms_.post) bytes += sum();
    if (norms_.any && norms_branch) bytes += stored_ * d_ + norms_.statistics;
    if (norms_.post) bytes += 2 * sum() + norms_.statistics;
    if (spec_.token_shift) bytes += stored_ * d_;
    return bytes;
  }
  double of_attention() const {
    double buckets = 0;
    if (spec_.positions == Positions::Relative)
      buckets = real(spec_.relative_buckets) / kQueriesOfBlock;
    return stored_ * (query_ + (convolves() ? 2 : 1) * projected_ +
                      (projects_queries() ? 0 : query_) + keys_of_all_) +
           kFloat * rows_of_heads() * (1 + buckets);
  }

  const ModelSpec& spec_;
  Norms norms_;
  double stored_, d_, query_;
  double keys_of_all_;  // that tensor ranks make queries of
  double projected_, hidden_, before_;
};

double activations(const ModelSpec& spec, const DeviceMemoryOptions& options) {
  const PerToken token(spec, options);
  const double tokens = real(options.sequences * spec.sequence), layers = real(spec.layers);
  double kept = 0;
  if (options.recompute)
    kept = (layers - 1) * token.sum() + layers * token.multiplied() + token.attention(false) +
           token.feed_forward() - token.multiplied();
  else
    kept = layers * (token.attention(true) + token.feed_forward()) -
           (token.sums_between() ? token.sum() : 0);  // the lowest reads the embedding itself
  const double row = kFloat * real(rounded_up(spec.vocabulary, 8));
  const double logits = std::min(tokens * row, std::max(row, kMostLogits));
  // What tensor ranks tell each other of a row of logits.
  const double parts = options.tensor_ranks > 1 ? 2 * kFloat * options.tensor_ranks / row : 0;
  return tokens * (kept + token.once()) + logits * (1 + parts);
}

// What the host gives `passes` passes, targets and the order in which the embedding's gradient is
// added up among it, as model/device/step_input.h and model/kernels/cuda/embedding_index.h lay it
// out.
double input(const ModelSpec& spec, std::int64_t sequences, std::int64_t passes) {
  constexpr std::int64_t kId = 4, kNumbers = 32;
  const std::int64_t rows = sequences * spec.sequence;
  const std::int64_t chunks = std::min(rows, spec.vocabulary) + rows / kRowsOfEmbeddingSum;
  const std::int64_t index = 2 + 4 * chunks + 3 * (rows / (kRowsOfEmbeddingSum + 1)) + rows;
  return real(kNumbers + rounded_up(kId * passes * rows, 16) +
              rounded_up(kId * passes * index, 16));
}

}  // namespace

DeviceMemoryBytes device_training_memory(const ModelSpec& whole,
                                         const DeviceMemoryOptions& options) {
  // The last rank has the most of what does not divide.
  const Shard shard{options.tensor_ranks - 1, options.tensor_ranks};
  const ModelSpec spec = spec_of_shard(whole, shard);
  const ParameterTable table = parameter_table(whole, shard);
  const double n = real(table.buffer_size);
  DeviceMemoryBytes bytes;
  bytes.weights = (kFloat + (options.bfloat16 ? 2 : 0)) * n;
  bytes.gradients = kFloat * n;
  for (const ParameterTable& share : share_out(table, options.optimizer_ranks))
    bytes.optimizer =
        std::max(bytes.optimizer,
                 kFloat * optimizer_values(share, options.optimizer_states, options.factored_from));
  bytes.activations = activations(spec, options);
  bytes.inputs = real(kDeviceStepsUnderWay + 1) * input(spec, options.sequences, options.micro_batches);
  const double tokens = real(options.sequences * spec.sequence);
  bytes.step = kFloat * tokens * real(options.micro_batches) + kProductWorkspace;
  bytes.evaluation = input(spec, options.sequences, 1) + kFloat * tokens;
  return bytes;
}

}  // namespace isoloss
