// A text as whole documents in an order of their own, and its division into training, selection and
// report parts. Both depend on what the documents hold, never on their names or on the order in
// which they came.
//
// Order without holding the documents: each has a counter-random key of its content. Up to a limit
// they stay in memory and are sorted; past it they go to 256 unnamed files by the first eight bits
// of their keys, and each such file is read and sorted when its turn comes. A corpus of N bytes
// then needs N bytes of disk and about the larger of the limit and N / 256 of memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "harness/data/token_file.h"
#include "harness/files/spill_file.h"

namespace isoloss {

struct Document {
  std::string name;  // the file, with the line where a line is a document; for messages
  std::string text;
  std::uint64_t hash = 0;  // XXH3-64 of the text
};

// What to do with a second document of the same text: of files somebody named it is a mistake, of a
// crawl's lines it is usual and one is kept.
enum class Twins { Refuse, LeaveOut };

class Corpus {
 public:
  static constexpr std::uint64_t kMemoryBytes = std::uint64_t{256} << 20;

  // `beside` is the file whose folder holds what does not fit into `memory_bytes`.
  Corpus(std::filesystem::path beside, Twins twins, std::uint64_t memory_bytes = kMemoryBytes);

  // InputError, naming both, for twins that are refused (at the latest in for_each).
  void add(Document document);
  // No more documents come. Twins in memory are found here.
  void close();

  // Documents and their bytes; where documents are on disk, twins are still counted.
  std::uint64_t documents() const { return documents_; }
  std::uint64_t bytes() const { return bytes_; }
  // Of what the documents hold, whatever their order.
  std::uint64_t hash() const { return hash_; }
  std::uint64_t twins_left_out() const { return left_out_; }
  // Of every document, for keeping a held-out corpus out of another; 8 bytes a document.
  std::unordered_set<std::uint64_t> hashes();

  // Gives the documents in key order; may be called again.
  void for_each(const std::function<void(const Document&)>& visit);

 private:
  void spill(const Document& document);
  std::vector<Document> load(std::size_t bucket);
  void sort(std::vector<Document>& documents);

  std::filesystem::path beside_;
  Twins twins_;
  std::uint64_t memory_bytes_;
  std::uint64_t held_bytes_ = 0;
  std::vector<Document> held_;
  std::vector<SpillFile> buckets_;
  std::uint64_t documents_ = 0, bytes_ = 0, hash_ = 0, left_out_ = 0;
};

// The whole or a piece of a document, as it lies in one part.
struct PartPiece {
  Part part = Part::Training;
  std::string_view text;  // points into the document
};

// Divides documents that come in key order. Whole documents go to selection and then to report
// until each holds validation / 2 of the bytes; at least one is left for training. Of two documents
// the first is held out, its halves being selection and report; of one the last `validation` share
// is.
class Division {
 public:
  // InputError where `validation` is not between 0 and 1.
  Division(std::uint64_t documents, std::uint64_t bytes, double validation);
  // Of a corpus that is held out as a whole: half of its bytes select, the rest is reported.
  static Division held_out(std::uint64_t documents, std::uint64_t bytes);
  // Of a corpus that is trained on as a whole.
  static Division training();

  // The pieces of the next document.
  std::vector<PartPiece> next(std::string_view text);

 private:
  Division() = default;
  bool take(Part part, std::uint64_t leave, double wanted, std::size_t size);

  std::uint64_t left_ = 0;  // documents that come, the next one among them
  std::uint64_t documents_ = 0;
  double validation_ = 0, wanted_ = 0, taken_ = 0;
  bool all_held_out_ = false;
  Part filling_ = Part::Selection;
};

}  // namespace isoloss
