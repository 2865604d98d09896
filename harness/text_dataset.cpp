#include "harness/text_dataset.h"

#include <fmt/format.h>
#include <xxhash.h>

#include "harness/tokenizer.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

struct NamedTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  std::string name;
  std::string model;
};

NamedTokenizer make_tokenizer(const TokenizerSpec& spec, const std::string& model,
                              const CorpusParts& parts) {
  if (spec.kind == TokenizerKind::Bytes) return {byte_tokenizer(), "bytes", ""};
  if (spec.kind == TokenizerKind::Unigram) {
    std::vector<std::string_view> texts;
    for (const DocumentPiece& piece : parts.training) texts.push_back(piece.text);
    std::string trained = train_unigram(texts, spec.vocabulary);
    auto tokenizer = unigram_tokenizer(trained);
    return {std::move(tokenizer), fmt::format("unigram:{}", spec.vocabulary), std::move(trained)};
  }
  auto tokenizer = foreign_tokenizer(model, spec.model_file);
  if (tokenizer->vocabulary() != spec.vocabulary)
    throw InputError(fmt::format(
        "{} has a vocabulary of {} (the study gives {}); give vocabulary: {} in data.tokenizer",
        spec.model_file, tokenizer->vocabulary(), spec.vocabulary, tokenizer->vocabulary()));
  return {std::move(tokenizer), fmt::format("model:{:016x}", tokenizer_hash(model)), model};
}

void append_part(TokenFileContent& content, const Tokenizer& tokenizer, Part part,
                 const std::vector<DocumentPiece>& pieces, std::vector<std::int32_t>& tokens) {
  for (const DocumentPiece& piece : pieces) {
    const std::vector<std::int32_t> ids = tokenizer.encode(piece.text);
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    content.documents.push_back(
        {part, ids.size(), piece.text.size(), XXH3_64bits(piece.text.data(), piece.text.size())});
  }
}

}  // namespace

std::uint64_t text_source_hash(const std::vector<Document>& documents, const DataSpec& data,
                               const std::string& model) {
  std::string text = fmt::format("text 1 validation {:a} tokenizer ", data.validation);
  if (data.tokenizer.kind == TokenizerKind::Bytes) text += "bytes";
  if (data.tokenizer.kind == TokenizerKind::Unigram)
    text += fmt::format("unigram {}", data.tokenizer.vocabulary);
  if (data.tokenizer.kind == TokenizerKind::Model)
    text += fmt::format("model {:016x}", tokenizer_hash(model));
  for (const Document& document : documents) text += fmt::format(" {:016x}", document.hash);
  return XXH3_64bits(text.data(), text.size());
}

TokenFileContent prepare_text(const std::vector<Document>& documents, const DataSpec& data,
                              const std::string& model) {
  const CorpusParts parts = divide(documents, data.validation);
  const NamedTokenizer named = make_tokenizer(data.tokenizer, model, parts);
  TokenFileContent content;
  content.vocabulary = named.tokenizer->vocabulary();
  content.tokenizer = named.name;
  content.tokenizer_model = named.model;
  content.tokenizer_hash = tokenizer_hash(named.model);
  content.source_hash = text_source_hash(documents, data, model);
  append_part(content, *named.tokenizer, Part::Training, parts.training, content.training);
  append_part(content, *named.tokenizer, Part::Selection, parts.selection, content.selection);
  append_part(content, *named.tokenizer, Part::Report, parts.report, content.report);
  for (const DocumentPiece& piece : parts.report) content.report_text += piece.text;
  return content;
}

}  // namespace isoloss
