// A text made into a token file: documents read in the form they are published in, put in the order
// of their keys and divided, the tokenizer trained on the training part where one of its own is
// wanted, every document encoded, with the tokenizer's end id after it where there is one.
// Documents then stand end to end and training cuts them into sequences, as T5 did for its language
// models. Works in bounded memory (corpus.h) on temporaries beside the token file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/data/corpus.h"
#include "harness/data/document_forms.h"
#include "harness/data/tokenizer.h"
#include "sweeps/run_spec.h"

namespace isoloss {

struct TextSource {
  std::vector<std::string> files;
  // Held out as a whole, half of it for selection (a publisher's own split); empty: `validation` of
  // the files is.
  std::vector<std::string> held_out_files;
  double validation = 0.05;
  DocumentForm form;
  TokenizerSpec tokenizer;
  // Ids that models have, at least the tokenizer's; 0: as many. T5 pads its 32,000 to 32,128.
  std::int64_t vocabulary = 0;
};

// The text of a study's section `data`.
TextSource text_source(const DataSpec& data);

// What is being done ("reading", "encoding"), and how much of how much of it.
using PreparationProgress = std::function<void(const char* what, double done, double total)>;

class TextPreparation {
 public:
  // Reads every document. InputError: a file that cannot be read in its form, two texts that are
  // equal (of JSON lines and lines one is kept), no SentencePiece model.
  // Temporaries lie beside `spill`.
  TextPreparation(TextSource source, std::filesystem::path spill,
                  PreparationProgress progress = {});

  // Of everything that chooses the tokens: the documents' content, the share held out, the
  // tokenizer.
  std::uint64_t source_hash() const;
  // Equal documents that were left out.
  std::uint64_t twins_left_out() const;

  // Writes the tokens to `token_file`. InputError: a tokenizer that cannot be trained or whose size
  // is not the one wanted.
  void write(const std::filesystem::path& token_file);

 private:
  using Visit = std::function<void(Part, std::string_view text)>;
  void read(const std::vector<std::string>& files, Corpus& corpus, const char* what);
  void for_each_piece(const Visit& visit);

  TextSource source_;
  std::filesystem::path spill_;
  PreparationProgress progress_;
  std::string model_;  // SentencePiece, where it is given
  Corpus corpus_;
  std::optional<Corpus> held_out_;
  std::uint64_t repeated_ = 0;  // training documents that are held out too
};

}  // namespace isoloss
