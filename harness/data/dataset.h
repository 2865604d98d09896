// What a run reads: training samples as a function of (seed, i) alone, and the held-out sequences
// that every trial of the study is measured on.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/run_spec.h"

namespace isoloss {

struct SyntheticLanguage;
class Tokenizer;

struct HeldOutPart {
  std::vector<std::int32_t> tokens;  // sequences * sequence, row by row
  std::int64_t sequences = 0;
};

struct HeldOut {
  HeldOutPart selection;        // chooses learning rates
  HeldOutPart report;           // is reported
  std::int64_t tokens = 0;      // of the text, of which the two parts are rows
  std::string hash;             // of the report part's tokens and the tokenizer
  double bytes_per_token = 1;   // of the report part
  std::optional<double> floor;  // nats per token on the report part, where it is known
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t vocabulary() const = 0;
  virtual std::string tokenizer_name() const = 0;  // bytes, unigram:4096, model:HASH, symbols:32
  virtual std::string tokenizer_hash() const = 0;
  virtual std::int64_t training_tokens() const = 0;
  virtual const HeldOut& held_out() const = 0;

  // Samples [first, first + count) of the endless training order of `seed`: windows of `sequence`
  // tokens, without replacement within an epoch (random_permutation keyed by seed and epoch).
  virtual std::vector<std::int32_t> samples(std::uint64_t seed, std::int64_t first,
                                            std::int64_t count, std::int64_t sequence) const = 0;

  // Raw bytes of the held-out report documents for one-shot tasks made from text; empty for a
  // synthetic language or prepared tokens without text.
  virtual const std::string& held_out_text() const = 0;
  // Ids of a text; empty where there is no text tokenizer.
  virtual std::vector<std::int32_t> encode(const std::string& text) const = 0;
  // What encodes it; null where there is none. Lives as long as the data.
  virtual const Tokenizer* tokenizer() const { return nullptr; }
  // What the data are drawn from, where they are drawn from a language that is known.
  virtual const SyntheticLanguage* language() const { return nullptr; }
};

// Opens the data of a run; prepares the token file in `cache` (StudyFolder::data()) first where it
// is not there yet, safely beside other processes doing the same. InputError: missing file, text
// too short for its validation part, a foreign or truncated token file, a vocabulary that does not
// agree. `between` is called between the documents of a text that is prepared; what it throws ends
// the preparation, and nothing is left of it.
std::shared_ptr<const Dataset> open_dataset(
    const DataSpec& data, std::int64_t sequence, std::int64_t evaluation_tokens,
    const std::filesystem::path& cache, const std::function<void()>& between = [] {});

}  // namespace isoloss
