#include "harness/oneshot/parquet/parquet_schema.h"

#include <fmt/format.h>

#include <utility>

#include "harness/oneshot/parquet/byte_cursor.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

constexpr std::int64_t kOptional = 1, kRepeated = 2;
constexpr int kDeepestGroup = 32;

// What a field's annotation, logical or converted, says of it.
enum class Meaning { Plain, Text, List, Map, Unsigned, Other };

Meaning meaning_of(const ParquetField& field) {
  if (field.logical) {
    switch (*field.logical) {  // the union LogicalType
      case 1:                  // STRING
      case 4:                  // ENUM
      case 12:                 // JSON
        return Meaning::Text;
      case 2:
        return Meaning::Map;
      case 3:
        return Meaning::List;
      case 10:
        return field.is_signed ? Meaning::Plain : Meaning::Unsigned;
      case 11:  // UNKNOWN: nulls alone
        return Meaning::Plain;
      default:
        return Meaning::Other;
    }
  }
  if (!field.converted) return Meaning::Plain;
  const std::int64_t converted = *field.converted;  // the enum ConvertedType
  if (converted == 0 || converted == 4 || converted == 19) return Meaning::Text;
  if (converted == 1 || converted == 2) return Meaning::Map;
  if (converted == 3) return Meaning::List;
  if (converted >= 11 && converted <= 14) return Meaning::Unsigned;
  if (converted >= 15 && converted <= 18) return Meaning::Plain;
  return Meaning::Other;
}

// How deep a field lies.
struct Depth {
  int definition = 0;
  int repetition = 0;
  int groups = 0;
};

class SchemaReader {
 public:
  SchemaReader(const std::vector<ParquetField>& fields, const std::string& file)
      : fields_(fields), file_(file) {}

  ParquetSchema read() {
    ParquetNode root = object(next(), {}, "");
    if (at_ != fields_.size()) damaged_parquet(file_, "a schema of more than one tree");
    return {std::move(root), std::move(leaves_)};
  }

 private:
  const ParquetField& next() {
    if (at_ == fields_.size()) damaged_parquet(file_, "a schema that lacks its last fields");
    return fields_[at_++];
  }

  // The next field of the schema, with all below it.
  ParquetNode field(Depth depth, const std::string& above) {
    const ParquetField& stored = next();
    const std::string path = above.empty() ? stored.name : above + "." + stored.name;
    if (stored.repetition != kRepeated) {
      if (stored.repetition == kOptional) ++depth.definition;
      return content(stored, depth, path);
    }
    ParquetNode list = begun(ParquetNodeKind::List, stored, depth);
    enter_list(list, depth);
    list.children.push_back(content(stored, depth, path));
    return ended(std::move(list));
  }

  ParquetNode content(const ParquetField& stored, const Depth& depth, const std::string& path) {
    if (stored.type) return value(stored, depth, path);
    const Meaning meaning = meaning_of(stored);
    const bool repeats = at_ < fields_.size() && fields_[at_].repetition == kRepeated;
    if ((meaning == Meaning::List || meaning == Meaning::Map) && stored.children == 1 && repeats)
      return list(stored, depth, path);
    return object(stored, depth, path);
  }

  // A group that is annotated as a list or a map: what repeats is its one child.
  ParquetNode list(const ParquetField& stored, Depth depth, const std::string& path) {
    ParquetNode list = begun(ParquetNodeKind::List, stored, depth);
    enter_list(list, depth);
    const ParquetField& repeated = next();
    const std::string below = path + "." + repeated.name;
    // Newer writers wrap each element in a group of its own; older ones repeat the element itself.
    const bool wraps = meaning_of(stored) == Meaning::List && !repeated.type &&
                       repeated.children == 1 && repeated.name != "array" &&
                       repeated.name != stored.name + "_tuple";
    if (wraps) ++depth.groups;
    list.children.push_back(wraps ? field(depth, below) : content(repeated, depth, below));
    return ended(std::move(list));
  }

  ParquetNode object(const ParquetField& stored, Depth depth, const std::string& path) {
    if (++depth.groups > kDeepestGroup) damaged_parquet(file_, "a schema nested too deep");
    if (stored.children == 0)
      damaged_parquet(file_, fmt::format("the group '{}' of no columns", stored.name));
    ParquetNode group = begun(ParquetNodeKind::Object, stored, depth);
    for (std::int64_t i = 0; i < stored.children; ++i) group.children.push_back(field(depth, path));
    return ended(std::move(group));
  }

  ParquetNode value(const ParquetField& stored, const Depth& depth, const std::string& path) {
    ParquetNode leaf = begun(ParquetNodeKind::Value, stored, depth);
    const Meaning meaning = meaning_of(stored);
    leaves_.push_back({path, *stored.type, value_type(stored, meaning, path),
                       meaning != Meaning::Unsigned, depth.definition, depth.repetition,
                       meaning == Meaning::Text});
    return ended(std::move(leaf));
  }

  ParquetType value_type(const ParquetField& stored, Meaning meaning, const std::string& path) {
    if (meaning == Meaning::Plain || meaning == Meaning::Unsigned || meaning == Meaning::Text)
      switch (*stored.type) {  // the enum Type; 3 is INT96, 7 FIXED_LEN_BYTE_ARRAY
        case 0:
          return ParquetType::Boolean;
        case 1:
          return ParquetType::Int32;
        case 2:
          return ParquetType::Int64;
        case 4:
          return ParquetType::Float;
        case 5:
          return ParquetType::Double;
        case 6:
          return ParquetType::Text;
        default:
          break;
      }
    throw InputError(fmt::format(
        "{}: column '{}' is of a type that is not read (texts, whole and real numbers and truth "
        "values are); leave it out, or export the data set as JSON lines",
        file_, path));
  }

  static void enter_list(ParquetNode& list, Depth& depth) {
    ++depth.groups;
    list.filled = ++depth.definition;
    list.repeats = ++depth.repetition;
  }

  ParquetNode begun(ParquetNodeKind kind, const ParquetField& stored, const Depth& depth) {
    if (depth.groups > kDeepestGroup) damaged_parquet(file_, "a schema nested too deep");
    ParquetNode node;
    node.kind = kind;
    node.name = stored.name;
    node.there = depth.definition;
    node.leaf = leaves_.size();
    return node;
  }

  ParquetNode ended(ParquetNode node) {
    node.leaves = leaves_.size() - node.leaf;
    return node;
  }

  const std::vector<ParquetField>& fields_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::vector<ParquetLeaf> leaves_;
};

}  // namespace

ParquetSchema parquet_schema(const std::vector<ParquetField>& fields, const std::string& file) {
  return SchemaReader(fields, file).read();
}

}  // namespace isoloss
