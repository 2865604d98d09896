// A study's text as whole documents and its division into training, selection and report parts.
// The division depends on what the documents hold, never on their names or their order.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

struct Document {
  std::string name;  // the file, for messages
  std::string text;
  std::uint64_t hash = 0;  // XXH3-64 of the text
};

// Reads files as documents, ordered by a counter-random key of their content. InputError: no file,
// one that is missing, empty or unreadable, two that hold the same text.
std::vector<Document> read_documents(const std::vector<std::string>& files);

// Orders documents by their counter-random key and checks that no two are equal.
std::vector<Document> in_key_order(std::vector<Document> documents);

// The whole or a piece of document `document`.
struct DocumentPiece {
  std::size_t document = 0;
  std::string_view text;  // points into the documents that were divided
};

struct CorpusParts {
  std::vector<DocumentPiece> training, selection, report;
};

// Takes whole documents in key order until selection and then report hold validation / 2 of the
// bytes each; at least one document is left for training. Of two documents the first is held out,
// its halves being selection and report; of one document the last `validation` share is.
CorpusParts divide(const std::vector<Document>& documents, double validation);

// Bytes of the pieces together.
std::uint64_t bytes_of(const std::vector<DocumentPiece>& pieces);

}  // namespace isoloss
