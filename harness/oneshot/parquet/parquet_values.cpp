#include "harness/oneshot/parquet/parquet_values.h"

#include <bit>
#include <string>
#include <utility>

#include "harness/oneshot/parquet/run_lengths.h"
#include "model/spec/error.h"
#include "model/spec/utf8_text.h"

namespace isoloss {
namespace {

using nlohmann::json;

std::vector<json> booleans(const std::vector<std::uint32_t>& bits) {
  std::vector<json> values;
  values.reserve(bits.size());
  for (const std::uint32_t bit : bits) values.emplace_back(bit != 0);
  return values;
}

json plain_value(ByteCursor& cursor, const ParquetLeaf& leaf) {
  switch (leaf.type) {
    case ParquetType::Int32: {
      const auto bits = static_cast<std::uint32_t>(cursor.number(4));
      return leaf.is_signed ? json(static_cast<std::int32_t>(bits)) : json(bits);
    }
    case ParquetType::Int64: {
      const std::uint64_t bits = cursor.number(8);
      return leaf.is_signed ? json(static_cast<std::int64_t>(bits)) : json(bits);
    }
    case ParquetType::Float:
      return std::bit_cast<float>(static_cast<std::uint32_t>(cursor.number(4)));
    case ParquetType::Double:
      return std::bit_cast<double>(cursor.number(8));
    case ParquetType::Text:
    case ParquetType::Boolean:
      break;
  }
  const std::string_view text = cursor.take(cursor.number(4));
  if (is_utf8(text)) return text;
  if (leaf.says_text) damaged_parquet(cursor.place(), "a text that is no UTF-8");
  throw InputError(cursor.place() +
                   ": bytes that are no text (the column does not say that it is text, and one of "
                   "its values is no UTF-8); leave the column out, or write it anew as text");
}

}  // namespace

std::vector<json> plain_values(ByteCursor& cursor, const ParquetLeaf& leaf, std::size_t count) {
  std::vector<json> values;
  if (leaf.type == ParquetType::Boolean) {
    std::vector<std::uint32_t> bits;
    append_packed(bits, cursor.take((count + 7) / 8), 1, count);
    return booleans(bits);
  }
  for (std::size_t i = 0; i < count; ++i) values.push_back(plain_value(cursor, leaf));
  return values;
}

std::vector<json> run_length_booleans(ByteCursor& cursor, std::size_t count) {
  ByteCursor runs(cursor.take(cursor.number(4)), cursor.place());
  return booleans(run_lengths(runs, 1, count));
}

}  // namespace isoloss
