#include "harness/corpus.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

std::uint64_t key_of(const Document& document) {
  const auto bits = random_bits(document.hash, stream_of("corpus/hold-out"), 0);
  return (static_cast<std::uint64_t>(bits[0]) << 32) | bits[1];
}

// The first place at or after `position` where no UTF-8 character is cut.
std::size_t character_boundary(std::string_view text, std::size_t position) {
  while (position < text.size() && (static_cast<unsigned char>(text[position]) & 0xC0) == 0x80)
    ++position;
  return position;
}

// A document's text from byte `first` on, its first half for selection, its second for report.
void hold_out_halves(CorpusParts& parts, std::size_t document, std::string_view text,
                     std::size_t first) {
  const std::size_t middle = character_boundary(text, first + (text.size() - first) / 2);
  parts.selection.push_back({document, text.substr(first, middle - first)});
  parts.report.push_back({document, text.substr(middle)});
}

}  // namespace

std::vector<Document> read_documents(const std::vector<std::string>& files) {
  if (files.empty())
    throw InputError("data.text names no file (nothing matches); name at least one text file");
  std::vector<Document> documents;
  documents.reserve(files.size());
  for (const std::string& file : files) {
    Document document{file, read_file(file), 0};
    if (document.text.empty())
      throw InputError(fmt::format("{} is empty (a document needs text); remove it from data.text",
                                   document.name));
    document.hash = XXH3_64bits(document.text.data(), document.text.size());
    documents.push_back(std::move(document));
  }
  return in_key_order(std::move(documents));
}

std::vector<Document> in_key_order(std::vector<Document> documents) {
  std::sort(documents.begin(), documents.end(), [](const Document& a, const Document& b) {
    return std::pair(key_of(a), a.hash) < std::pair(key_of(b), b.hash);
  });
  const auto twin =
      std::adjacent_find(documents.begin(), documents.end(),
                         [](const Document& a, const Document& b) { return a.hash == b.hash; });
  if (twin != documents.end())
    throw InputError(fmt::format(
        "{} and {} hold the same text (one could be trained on and the other held out); remove one",
        twin->name, std::next(twin)->name));
  return documents;
}

CorpusParts divide(const std::vector<Document>& documents, double validation) {
  if (!(validation > 0 && validation < 1))
    throw InputError(fmt::format(
        "data.validation is {} (it is the share of the text held out); give a number between 0 "
        "and 1, such as 0.05",
        validation));
  CorpusParts parts;
  if (documents.size() == 1) {
    const std::string_view text = documents[0].text;
    const double kept = std::floor(static_cast<double>(text.size()) * (1 - validation));
    const std::size_t first = character_boundary(text, static_cast<std::size_t>(kept));
    parts.training.push_back({0, text.substr(0, first)});
    hold_out_halves(parts, 0, text, first);
    return parts;
  }
  if (documents.size() == 2) {
    hold_out_halves(parts, 0, documents[0].text, 0);
    parts.training.push_back({1, documents[1].text});
    return parts;
  }
  double total = 0;
  for (const Document& document : documents) total += static_cast<double>(document.text.size());
  const double wanted = total * validation / 2;
  std::size_t next = 0;
  const auto take = [&](std::vector<DocumentPiece>& part, std::size_t leave) {
    double taken = 0;
    while (taken < wanted && documents.size() - next > leave) {
      taken += static_cast<double>(documents[next].text.size());
      part.push_back({next, documents[next].text});
      ++next;
    }
  };
  take(parts.selection, 2);
  take(parts.report, 1);
  for (; next < documents.size(); ++next) parts.training.push_back({next, documents[next].text});
  return parts;
}

std::uint64_t bytes_of(const std::vector<DocumentPiece>& pieces) {
  std::uint64_t bytes = 0;
  for (const DocumentPiece& piece : pieces) bytes += piece.text.size();
  return bytes;
}

}  // namespace isoloss
