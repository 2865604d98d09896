#include "harness/data/token_file_dataset.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "harness/data/synthetic_floor.h"
#include "harness/data/tokenizer.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kLeastSequences = 8;

// Evenly spaced rows that do not overlap: row j begins at floor(j * tokens / rows).
HeldOutPart held_out_part(const TokenFile& file, Part part, std::int64_t sequence,
                          std::int64_t wanted, const std::string& source) {
  const std::int64_t tokens = file.tokens(part);
  const std::int64_t there = tokens / sequence;
  if (there < std::min(wanted, kLeastSequences))
    throw InputError(fmt::format(
        "{}: the text is too short for its validation part (the part that {} has {} tokens, {} "
        "sequences of {}, and needs {}); give more text, raise data.validation or lower "
        "model.sequence",
        source, part == Part::Report ? "is reported" : "chooses learning rates", tokens, there,
        sequence, std::min(wanted, kLeastSequences)));
  HeldOutPart held_out;
  held_out.sequences = std::min(wanted, there);
  held_out.tokens.resize(static_cast<std::size_t>(held_out.sequences * sequence));
  for (std::int64_t row = 0; row < held_out.sequences; ++row) {
    const std::span<std::int32_t> out(held_out.tokens.data() + row * sequence,
                                      static_cast<std::size_t>(sequence));
    file.read(part, row * tokens / held_out.sequences, out);
  }
  return held_out;
}

class TokenFileDataset final : public Dataset {
 public:
  TokenFileDataset(TokenFile file, std::int64_t sequence, std::int64_t evaluation_tokens,
                   const std::string& source, std::shared_ptr<const SyntheticLanguage> language)
      : file_(std::move(file)),
        language_(std::move(language)),
        tokenizer_(stored_tokenizer(file_.tokenizer(), file_.tokenizer_model())),
        text_(file_.report_text()) {
    if (file_.tokens(Part::Training) < sequence)
      throw InputError(fmt::format(
          "{}: the text is too short (its training part has {} tokens, one sequence needs {}); "
          "give more text, lower data.validation or lower model.sequence",
          source, file_.tokens(Part::Training), sequence));
    const std::int64_t wanted = std::max<std::int64_t>(1, evaluation_tokens / sequence);
    held_out_.tokens = file_.tokens(Part::Selection) + file_.tokens(Part::Report);
    held_out_.report = held_out_part(file_, Part::Report, sequence, wanted, source);
    held_out_.selection = held_out_part(file_, Part::Selection, sequence,
                                        std::max<std::int64_t>(1, wanted / 2), source);
    if (!text_.empty())
      held_out_.bytes_per_token =
          static_cast<double>(text_.size()) / static_cast<double>(file_.tokens(Part::Report));
    if (language_) held_out_.floor = language_floor(*language_, held_out_.report.tokens, sequence);
    hash_held_out(sequence);
  }

  std::int64_t vocabulary() const override { return file_.vocabulary(); }
  std::string tokenizer_name() const override { return std::string(file_.tokenizer()); }
  std::string tokenizer_hash() const override {
    return fmt::format("{:016x}", file_.tokenizer_hash());
  }
  std::int64_t training_tokens() const override { return file_.tokens(Part::Training); }
  const HeldOut& held_out() const override { return held_out_; }
  const std::string& held_out_text() const override { return text_; }

  std::vector<std::int32_t> encode(const std::string& text) const override {
    return tokenizer_ ? tokenizer_->encode(text) : std::vector<std::int32_t>{};
  }

  const Tokenizer* tokenizer() const override { return tokenizer_.get(); }
  const SyntheticLanguage* language() const override { return language_.get(); }

  // Each epoch cuts the text at another offset, so that windows of different epochs differ; as many
  // windows as fit at every offset keep the epochs equally long.
  std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first, std::int64_t count,
                                    std::int64_t sequence) const override {
    const std::int64_t tokens = training_tokens();
    const std::int64_t windows = std::max<std::int64_t>(1, (tokens - sequence + 1) / sequence);
    const std::int64_t offsets = std::min(sequence, tokens - windows * sequence + 1);
    std::vector<std::int32_t> rows(static_cast<std::size_t>(count * sequence));
    for (std::int64_t row = 0; row < count; ++row) {
      const std::int64_t epoch = (first + row) / windows;
      const std::uint64_t stream =
          stream_of("data/order") + static_cast<std::uint64_t>(epoch) * 0x9E3779B97F4A7C15u;
      const auto window = static_cast<std::int64_t>(
          random_permutation(seed, stream, static_cast<std::uint64_t>((first + row) % windows),
                             static_cast<std::uint64_t>(windows)));
      const auto offset = static_cast<std::int64_t>(
          random_below(seed, stream_of("data/offset"), static_cast<std::uint64_t>(epoch),
                       static_cast<std::uint64_t>(offsets)));
      file_.read(Part::Training, offset + window * sequence,
                 {rows.data() + row * sequence, static_cast<std::size_t>(sequence)});
    }
    return rows;
  }

 private:
  // The row length belongs to the hash: losses pair by row.
  void hash_held_out(std::int64_t sequence) {
    const std::uint64_t head[] = {file_.tokenizer_hash(), static_cast<std::uint64_t>(sequence)};
    XXH3_state_t* state = XXH3_createState();
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, head, sizeof(head));
    const auto& tokens = held_out_.report.tokens;
    XXH3_64bits_update(state, tokens.data(), tokens.size() * sizeof(tokens[0]));
    held_out_.hash = fmt::format("{:016x}", XXH3_64bits_digest(state));
    XXH3_freeState(state);
  }

  TokenFile file_;
  std::shared_ptr<const SyntheticLanguage> language_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::string text_;
  HeldOut held_out_;
};

}  // namespace

std::shared_ptr<const Dataset> token_file_dataset(
    TokenFile file, std::int64_t sequence, std::int64_t evaluation_tokens,
    const std::string& source, std::shared_ptr<const SyntheticLanguage> language) {
  return std::make_shared<const TokenFileDataset>(std::move(file), sequence, evaluation_tokens,
                                                  source, std::move(language));
}

}  // namespace isoloss
