#include "harness/data/tokenizer.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>
#include <xxhash.h>

#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581 stands for a space in pieces

class ByteTokenizer final : public Tokenizer {
 public:
  std::int64_t vocabulary() const override { return 256; }
  std::vector<std::int32_t> encode(std::string_view text) const override {
    std::vector<std::int32_t> ids;
    ids.reserve(text.size());
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids) text.push_back(static_cast<char>(id));
    return text;
  }
};

void check(const sentencepiece::util::Status& status, const std::string& what) {
  if (!status.ok())
    throw InputError(
        fmt::format("{} ({}); give a SentencePiece .model file", what, status.ToString()));
}

// Length of the well-formed UTF-8 character at the front of `text`; 0 where there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (length < 3) return length;
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

// Line ends, NUL, the space mark itself and bytes that are no UTF-8 bypass the model as byte
// pieces, because SentencePiece would alter or drop them.
class UnigramTokenizer final : public Tokenizer {
 public:
  explicit UnigramTokenizer(const std::string& model) {
    check(processor_.LoadFromSerializedProto(model), "the trained tokenizer cannot be read");
    for (int byte = 0; byte < 256; ++byte)
      byte_ids_.push_back(processor_.PieceToId(fmt::format("<0x{:02X}>", byte)));
    for (int id = 0; id < processor_.GetPieceSize(); ++id) pieces_.push_back(bytes_of(id));
  }

  std::int64_t vocabulary() const override { return processor_.GetPieceSize(); }

  std::vector<std::int32_t> encode(std::string_view text) const override {
    std::vector<std::int32_t> ids;
    std::size_t begin = 0;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t length = character_length(text.substr(at));
      const bool plain = length > 0 && text[at] != '\n' && text[at] != '\0' &&
                         text.substr(at, kSpaceMark.size()) != kSpaceMark;
      if (plain) {
        at += length;
        continue;
      }
      append_plain(ids, text.substr(begin, at - begin));
      const std::size_t skipped = length == 0 ? 1 : length;
      for (const char c : text.substr(at, skipped))
        ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
      at += skipped;
      begin = at;
    }
    append_plain(ids, text.substr(begin));
    return ids;
  }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    for (const std::int32_t id : ids) text += pieces_[static_cast<std::size_t>(id)];
    return text;
  }

 private:
  void append_plain(std::vector<std::int32_t>& ids, std::string_view text) const {
    if (text.empty()) return;
    std::vector<int> more;
    check(processor_.Encode({text.data(), text.size()}, &more), "the tokenizer failed");
    ids.insert(ids.end(), more.begin(), more.end());
  }

  std::string bytes_of(int id) const {
    const std::string& piece = processor_.IdToPiece(id);
    if (processor_.IsByte(id))
      return std::string(1, static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16)));
    if (processor_.IsUnknown(id) || processor_.IsControl(id)) return "";
    std::string text;
    for (std::size_t at = 0; at < piece.size();) {
      const bool space = std::string_view(piece).substr(at, kSpaceMark.size()) == kSpaceMark;
      text.push_back(space ? ' ' : piece[at]);
      at += space ? kSpaceMark.size() : 1;
    }
    return text;
  }

  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::int32_t> byte_ids_;
  std::vector<std::string> pieces_;
};

class ForeignTokenizer final : public Tokenizer {
 public:
  ForeignTokenizer(const std::string& model, const std::string& source) {
    // What the library says names a place in its own source.
    if (!processor_.LoadFromSerializedProto(model).ok())
      throw InputError(source +
                       " is no SentencePiece model (its content does not read as one); give a "
                       "SentencePiece .model file");
  }
  std::int64_t vocabulary() const override { return processor_.GetPieceSize(); }
  std::vector<std::int32_t> encode(std::string_view text) const override {
    std::vector<int> ids;
    check(processor_.Encode({text.data(), text.size()}, &ids), "the tokenizer failed");
    return {ids.begin(), ids.end()};
  }
  std::optional<std::int32_t> end_id() const override {
    const int id = processor_.eos_id();
    return id < 0 ? std::nullopt : std::optional<std::int32_t>(id);
  }
  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    check(processor_.Decode(std::vector<int>(ids.begin(), ids.end()), &text),
          "the tokenizer failed");
    return text;
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

std::vector<std::int32_t> document_ids(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::int32_t> ids = tokenizer.encode(text);
  if (const auto end = tokenizer.end_id()) ids.push_back(*end);
  return ids;
}

std::uint64_t tokenizer_hash(std::string_view model) {
  const std::string_view hashed = model.empty() ? std::string_view("bytes") : model;
  return XXH3_64bits(hashed.data(), hashed.size());
}

std::unique_ptr<Tokenizer> byte_tokenizer() { return std::make_unique<ByteTokenizer>(); }

std::unique_ptr<Tokenizer> unigram_tokenizer(const std::string& model) {
  return std::make_unique<UnigramTokenizer>(model);
}

std::unique_ptr<Tokenizer> foreign_tokenizer(const std::string& model, const std::string& source) {
  return std::make_unique<ForeignTokenizer>(model, source);
}

std::unique_ptr<Tokenizer> stored_tokenizer(std::string_view name, std::string_view model) {
  if (name == "bytes") return byte_tokenizer();
  if (name.starts_with("unigram:")) return unigram_tokenizer(std::string(model));
  if (name.starts_with("model:"))
    return foreign_tokenizer(std::string(model), "the model stored with the tokens");
  return nullptr;
}

}  // namespace isoloss
