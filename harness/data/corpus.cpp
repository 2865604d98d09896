#include "harness/data/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

#include "model/spec/counter_random.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::size_t kBuckets = 256;
// What a held document takes beside its characters: itself, in a vector that grows by doubling, and
// two allocations.
constexpr std::size_t kOverhead = 2 * sizeof(Document) + 32;

std::uint64_t key_of(std::uint64_t hash) {
  const auto bits = random_bits(hash, stream_of("corpus/hold-out"), 0);
  return (static_cast<std::uint64_t>(bits[0]) << 32) | bits[1];
}

struct RecordHeader {
  std::uint64_t hash, name_bytes, text_bytes;
};

}  // namespace

Corpus::Corpus(std::filesystem::path beside, Twins twins, std::uint64_t memory_bytes)
    : beside_(std::move(beside)), twins_(twins), memory_bytes_(memory_bytes) {}

void Corpus::add(Document document) {
  ++documents_;
  bytes_ += document.text.size();
  hash_ += key_of(document.hash);
  if (!buckets_.empty()) {
    spill(document);
    return;
  }
  held_bytes_ += document.text.size() + document.name.size() + kOverhead;
  held_.push_back(std::move(document));
  if (held_bytes_ <= memory_bytes_) return;
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_.emplace_back(beside_);
  for (const Document& held : held_) spill(held);
  held_ = {};
}

void Corpus::spill(const Document& document) {
  SpillFile& bucket = buckets_[key_of(document.hash) >> 56];
  const RecordHeader header{document.hash, document.name.size(), document.text.size()};
  std::array<char, sizeof(header)> bytes{};
  std::memcpy(bytes.data(), &header, sizeof(header));
  bucket.append({bytes.data(), bytes.size()});
  bucket.append(document.name);
  bucket.append(document.text);
}

std::vector<Document> Corpus::load(std::size_t bucket) {
  SpillFile& file = buckets_[bucket];
  std::vector<Document> documents;
  for (std::uint64_t at = 0; at < file.size();) {
    std::array<char, sizeof(RecordHeader)> bytes{};
    file.read(at, bytes);
    RecordHeader header{};
    std::memcpy(&header, bytes.data(), sizeof(header));
    at += sizeof(header);
    Document document{std::string(header.name_bytes, '\0'), std::string(header.text_bytes, '\0'),
                      header.hash};
    file.read(at, document.name);
    file.read(at + header.name_bytes, document.text);
    at += header.name_bytes + header.text_bytes;
    documents.push_back(std::move(document));
  }
  return documents;
}

// Sorts and removes twins; the name decides which twin goes, so that the order of reading does not.
void Corpus::sort(std::vector<Document>& documents) {
  const auto key = [](const Document& document) {
    return std::tuple(key_of(document.hash), document.hash, std::string_view(document.name));
  };
  std::sort(documents.begin(), documents.end(),
            [&](const Document& a, const Document& b) { return key(a) < key(b); });
  const auto equal = [](const Document& a, const Document& b) { return a.hash == b.hash; };
  if (twins_ == Twins::Refuse) {
    const auto twin = std::adjacent_find(documents.begin(), documents.end(), equal);
    if (twin != documents.end())
      throw InputError(fmt::format(
          "{} and {} hold the same text (one could be trained on and the other held out); remove "
          "one",
          twin->name, std::next(twin)->name));
    return;
  }
  documents.erase(std::unique(documents.begin(), documents.end(), equal), documents.end());
}

void Corpus::close() {
  if (!buckets_.empty()) return;
  sort(held_);
  left_out_ = documents_ - held_.size();
  documents_ = held_.size();
  bytes_ = 0;
  for (const Document& document : held_) bytes_ += document.text.size();
}

std::unordered_set<std::uint64_t> Corpus::hashes() {
  std::unordered_set<std::uint64_t> hashes;
  for_each([&](const Document& document) { hashes.insert(document.hash); });
  return hashes;
}

void Corpus::for_each(const std::function<void(const Document&)>& visit) {
  for (const Document& document : held_) visit(document);
  if (buckets_.empty()) return;
  left_out_ = documents_;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    std::vector<Document> documents = load(bucket);
    sort(documents);
    left_out_ -= documents.size();
    for (const Document& document : documents) visit(document);
  }
}

}  // namespace isoloss
