#include "harness/data/text_dataset.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <unordered_set>
#include <utility>

#include "harness/data/token_file_layout.h"
#include "harness/data/token_file_writer.h"
#include "model/spec/error.h"
#include "model/spec/own_cores.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{8} << 20;

Twins twins_of(const TextSource& source) {
  const auto whole = [&](const std::string& file) {
    return source.form.form.value_or(form_of_name(file)) == TextForm::Text;
  };
  return std::all_of(source.files.begin(), source.files.end(), whole) ? Twins::Refuse
                                                                      : Twins::LeaveOut;
}

struct NamedTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  std::string name;
  std::string model;
};

NamedTokenizer given_tokenizer(const TextSource& source, const std::string& model) {
  const TokenizerSpec& spec = source.tokenizer;
  if (spec.kind == TokenizerKind::Bytes) return {byte_tokenizer(), "bytes", ""};
  auto tokenizer = foreign_tokenizer(model, spec.model_file);
  if (tokenizer->vocabulary() != spec.vocabulary)
    throw InputError(fmt::format(
        "{} has a vocabulary of {} (the study gives {}); give vocabulary: {} in data.tokenizer",
        spec.model_file, tokenizer->vocabulary(), spec.vocabulary, tokenizer->vocabulary()));
  return {std::move(tokenizer), fmt::format("model:{:016x}", tokenizer_hash(model)), model};
}

// Encodes documents side by side and writes them in the order in which they came.
class Encoder {
 public:
  Encoder(const Tokenizer& tokenizer, TokenFileWriter& writer)
      : tokenizer_(tokenizer), writer_(writer) {}

  void add(Part part, std::string_view text) {
    bytes_ += text.size();
    batch_.push_back({part, std::string(text), {}});
    if (bytes_ >= kBatchBytes) flush();
  }
  void flush() {
    const std::size_t workers = bytes_ < kBatchBytes ? 1 : own_cores();
    {
      std::vector<std::jthread> threads;
      for (std::size_t worker = 1; worker < workers; ++worker)
        threads.emplace_back([this, worker, workers] { encode(worker, workers); });
      encode(0, workers);
    }
    for (const Piece& piece : batch_) writer_.add(piece.part, piece.ids, piece.text);
    batch_.clear();
    bytes_ = 0;
  }

 private:
  struct Piece {
    Part part;
    std::string text;
    std::vector<std::int32_t> ids;
  };
  void encode(std::size_t first, std::size_t stride) {
    for (std::size_t i = first; i < batch_.size(); i += stride)
      batch_[i].ids = document_ids(tokenizer_, batch_[i].text);
  }

  const Tokenizer& tokenizer_;
  TokenFileWriter& writer_;
  std::vector<Piece> batch_;
  std::size_t bytes_ = 0;
};

}  // namespace

TextSource text_source(const DataSpec& data) {
  TextSource source;
  source.files = data.files;
  source.validation = data.validation;
  source.tokenizer = data.tokenizer;
  return source;
}

TextPreparation::TextPreparation(TextSource source, std::filesystem::path spill,
                                 PreparationProgress progress)
    : source_(std::move(source)),
      spill_(std::move(spill)),
      progress_(std::move(progress)),
      corpus_(spill_, twins_of(source_)) {
  if (source_.files.empty())
    throw InputError("data.text names no file (nothing matches); name at least one text file");
  if (source_.tokenizer.kind == TokenizerKind::Model) {
    model_ = read_file(source_.tokenizer.model_file);
    given_tokenizer(source_, model_);  // for its checks, before hours of reading
  }
  if (!source_.held_out_files.empty()) {
    held_out_.emplace(spill_, Twins::LeaveOut);
    read(source_.held_out_files, *held_out_, "reading what is held out");
  }
  read(source_.files, corpus_, "reading");
}

void TextPreparation::read(const std::vector<std::string>& files, Corpus& corpus,
                           const char* what) {
  std::unordered_set<std::uint64_t> kept_out;
  if (held_out_ && &corpus != &*held_out_) kept_out = held_out_->hashes();
  double total = 0;
  for (const std::string& file : files) {
    std::error_code missing;  // told by who opens it
    const auto size = std::filesystem::file_size(file, missing);
    if (!missing) total += static_cast<double>(size);
  }
  double before = 0;
  double at = 0;
  for (const std::string& file : files) {
    for_each_document(
        file, source_.form,
        [&](Document document) {
          if (kept_out.contains(document.hash))
            ++repeated_;
          else
            corpus.add(std::move(document));
        },
        [&](std::uint64_t position) {
          at = before + static_cast<double>(position);
          if (progress_) progress_(what, at, total);
        });
    before = at;
  }
  corpus.close();
  if (corpus.documents() == 0)
    throw InputError(
        "every document of the text is held out too (nothing is left to train on); give other text "
        "to --validation");
}

std::uint64_t TextPreparation::source_hash() const {
  std::string text = fmt::format("text 2 documents {:016x} ", corpus_.hash());
  text += held_out_ ? fmt::format("held out {:016x}", held_out_->hash())
                    : fmt::format("validation {:a}", source_.validation);
  text += fmt::format(" vocabulary {} tokenizer ", source_.vocabulary);
  if (source_.tokenizer.kind == TokenizerKind::Bytes) text += "bytes";
  if (source_.tokenizer.kind == TokenizerKind::Unigram)
    text += fmt::format("unigram {}", source_.tokenizer.vocabulary);
  if (source_.tokenizer.kind == TokenizerKind::Model)
    text += fmt::format("model {:016x}", tokenizer_hash(model_));
  return XXH3_64bits(text.data(), text.size());
}

std::uint64_t TextPreparation::twins_left_out() const {
  return repeated_ + corpus_.twins_left_out() + (held_out_ ? held_out_->twins_left_out() : 0);
}

void TextPreparation::for_each_piece(const Visit& visit) {
  const auto divide = [&](Corpus& corpus, Division division) {
    corpus.for_each([&](const Document& document) {
      for (const PartPiece& piece : division.next(document.text)) visit(piece.part, piece.text);
    });
  };
  if (!held_out_) {
    divide(corpus_, Division(corpus_.documents(), corpus_.bytes(), source_.validation));
    return;
  }
  divide(*held_out_, Division::held_out(held_out_->documents(), held_out_->bytes()));
  divide(corpus_, Division::training());
}

void TextPreparation::write(const std::filesystem::path& token_file) {
  NamedTokenizer named;
  if (source_.tokenizer.kind == TokenizerKind::Unigram) {
    LineSample sample(corpus_.bytes());
    for_each_piece([&](Part part, std::string_view text) {
      if (part == Part::Training) sample.add(text);
    });
    named.name = fmt::format("unigram:{}", source_.tokenizer.vocabulary);
    named.model = train_unigram(sample, source_.tokenizer.vocabulary);
    named.tokenizer = unigram_tokenizer(named.model);
  } else {
    named = given_tokenizer(source_, model_);
  }
  const std::int64_t ids = named.tokenizer->vocabulary();
  if (source_.vocabulary != 0 && source_.vocabulary < ids)
    throw InputError(fmt::format(
        "a vocabulary of {} is smaller than the tokenizer's {} (some ids would be past it); give "
        "{} or more",
        source_.vocabulary, ids, ids));
  if (source_.vocabulary > kMostVocabulary)
    throw InputError(
        fmt::format("a vocabulary of {} is too large (ids are of 31 bits); give {} at most",
                    source_.vocabulary, kMostVocabulary));
  TokenFileWriter writer(token_file, {std::max(ids, source_.vocabulary), named.name,
                                      tokenizer_hash(named.model), named.model, source_hash()});
  Encoder encoder(*named.tokenizer, writer);
  const double total = static_cast<double>(corpus_.bytes() + (held_out_ ? held_out_->bytes() : 0));
  double done = 0;
  for_each_piece([&](Part part, std::string_view text) {
    encoder.add(part, text);
    done += static_cast<double>(text.size());
    if (progress_) progress_("encoding", done, total);
  });
  encoder.flush();
  writer.publish();
}

}  // namespace isoloss
