#include "harness/files/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

using Json = nlohmann::json;
static_assert(std::endian::native == std::endian::little, "values are copied as they lie");

// As the reference implementation: more is an attack or no such file.
constexpr std::uint64_t kLongestHeader = 100'000'000;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw InputError(fmt::format("cannot read {} ({}); get the file again", path.string(), why));
}

// Bytes of an element; absent for a type that this format has no name for.
std::optional<std::uint64_t> element_bytes(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> known = {
      {"F64", 8}, {"I64", 8}, {"U64", 8},  {"F32", 4},     {"I32", 4},
      {"U32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2},     {"U16", 2},
      {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  const auto found = known.find(dtype);
  if (found == known.end()) return std::nullopt;
  return found->second;
}

// Elements of a shape; absent where it has a negative size or too many.
std::optional<std::uint64_t> element_count(std::span<const std::int64_t> shape) {
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count))
      return std::nullopt;
  }
  return count;
}

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// IEEE 754 binary16.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const int fraction = bits & 0x3FF;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

template <typename Stored, typename Convert>
std::vector<float> converted(const std::string& bytes, Convert convert) {
  std::vector<float> values(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored{};
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
  return values;
}

std::string read_bytes(const std::filesystem::path& path, std::uint64_t first,
                       std::uint64_t count) {
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse(path, "it does not open");
  std::string bytes(count, '\0');
  file.seekg(static_cast<std::streamoff>(first));
  if (!file.read(bytes.data(), static_cast<std::streamsize>(count)))
    refuse(path, fmt::format("it ends before byte {}", first + count));
  return bytes;
}

Json parse_object(const std::filesystem::path& path, const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) refuse(path, "its header is no JSON object");
  return json;
}

}  // namespace

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

TensorFiles::TensorFiles(const std::filesystem::path& path) : source_(path) {
  const auto one = path / "model.safetensors";
  const auto index = path / "model.safetensors.index.json";
  if (!std::filesystem::is_directory(path))
    add_file(path);
  else if (std::filesystem::exists(one))
    add_file(one);
  else if (std::filesystem::exists(index))
    add_index(index);
  else
    throw InputError(fmt::format(
        "{} has no weights (neither model.safetensors nor model.safetensors.index.json); convert "
        "them to safetensors",
        path.string()));
}

void TensorFiles::add_index(const std::filesystem::path& path) {
  const Json json = parse_object(path, read_bytes(path, 0, std::filesystem::file_size(path)));
  if (!json.contains("weight_map") || !json["weight_map"].is_object())
    refuse(path, "it has no weight_map");
  std::set<std::string> files;
  for (const auto& [name, file] : json["weight_map"].items()) {
    if (!file.is_string()) refuse(path, fmt::format("the file of {} is no text", name));
    files.insert(file.get<std::string>());
  }
  for (const std::string& file : files) add_file(path.parent_path() / file);
  for (const auto& [name, file] : json["weight_map"].items()) {
    if (!has(name) || tensors_.at(name).file.filename() != file.get<std::string>())
      refuse(path, fmt::format("{} is not in {}", name, file.get<std::string>()));
  }
}

// The entry of one tensor in a header; `data` is the file's part behind the header.
TensorFiles::Place TensorFiles::parse(const std::filesystem::path& path, const std::string& name,
                                      const nlohmann::json& entry, const FilePart& data) {
  Place place{path, "", {}, 0, 0};
  std::uint64_t end = 0;
  try {
    place.dtype = entry.at("dtype").get<std::string>();
    place.shape = entry.at("shape").get<std::vector<std::int64_t>>();
    place.first = entry.at("data_offsets").at(0).get<std::uint64_t>();
    end = entry.at("data_offsets").at(1).get<std::uint64_t>();
  } catch (const Json::exception&) {
    refuse(path, fmt::format("{} lacks dtype, shape or data_offsets", name));
  }
  if (place.first > end || end > data.bytes)
    refuse(path, fmt::format("{} lies at bytes {} to {} of {}; the file is torn", name, place.first,
                             end, data.bytes));
  place.bytes = end - place.first;
  place.first += data.first;
  const auto bytes = element_bytes(place.dtype);
  const auto count = element_count(place.shape);
  std::uint64_t expected = 0;
  if (!count ||
      (bytes && (__builtin_mul_overflow(*count, *bytes, &expected) || expected != place.bytes)))
    refuse(path, fmt::format("{} of shape {} and type {} has {} bytes", name,
                             shape_text(place.shape), place.dtype, place.bytes));
  return place;
}

void TensorFiles::add_file(const std::filesystem::path& path) {
  std::error_code absent;
  const std::uint64_t size = std::filesystem::file_size(path, absent);
  if (absent) refuse(path, absent.message());
  if (size < 8) refuse(path, "it is shorter than the length of its header");
  std::uint64_t header = 0;
  std::memcpy(&header, read_bytes(path, 0, 8).data(), 8);
  if (header > kLongestHeader || header > size - 8)
    refuse(path, fmt::format("a header of {} bytes in a file of {}", header, size));
  const Json json = parse_object(path, read_bytes(path, 8, header));
  const FilePart data{8 + header, size - 8 - header};
  std::vector<const std::pair<const std::string, Place>*> added;
  for (const auto& [name, entry] : json.items()) {
    if (name == "__metadata__") continue;
    const auto [tensor, is_new] = tensors_.emplace(name, parse(path, name, entry, data));
    if (!is_new) refuse(path, fmt::format("{} stands in two files", name));
    if (tensor->second.bytes > 0) added.push_back(&*tensor);
  }
  std::ranges::sort(added, {}, [](const auto* tensor) { return tensor->second.first; });
  for (std::size_t i = 1; i < added.size(); ++i) {
    const Place& before = added[i - 1]->second;
    if (before.first + before.bytes > added[i]->second.first)
      refuse(path, fmt::format("{} and {} overlap", added[i - 1]->first, added[i]->first));
  }
  if (metadata_.empty() && json.contains("__metadata__"))
    for (const auto& [key, value] : json["__metadata__"].items())
      metadata_[key] = value.is_string() ? value.get<std::string>() : value.dump();
}

std::vector<std::string> TensorFiles::names() const {
  std::vector<std::string> list;
  for (const auto& [name, place] : tensors_) list.push_back(name);
  return list;
}

const TensorFiles::Place& TensorFiles::place(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  const std::string near = nearest_name(name, names());
  throw InputError(fmt::format("{} has no tensor {} ({}); take weights of this model",
                               source_.string(), name,
                               near.empty() ? "and none like it" : "the nearest is " + near));
}

const std::vector<std::int64_t>& TensorFiles::shape(const std::string& name) const {
  return place(name).shape;
}

std::vector<float> TensorFiles::read(const std::string& name,
                                     std::span<const std::int64_t> shape) const {
  const Place& tensor = place(name);
  if (!std::ranges::equal(tensor.shape, shape))
    throw InputError(
        fmt::format("{} in {} does not fit (expected shape {}, found {}); take the weights that "
                    "belong to this model",
                    name, tensor.file.string(), shape_text(shape), shape_text(tensor.shape)));
  const bool real = tensor.dtype == "F32" || tensor.dtype == "F64" || tensor.dtype == "F16" ||
                    tensor.dtype == "BF16";
  if (!real)
    throw InputError(
        fmt::format("{} in {} has type {} (F32, F64, F16 and BF16 are read); convert it", name,
                    tensor.file.string(), tensor.dtype));
  const std::string bytes = read_bytes(tensor.file, tensor.first, tensor.bytes);
  if (tensor.dtype == "F16") return converted<std::uint16_t>(bytes, from_half);
  if (tensor.dtype == "BF16") return converted<std::uint16_t>(bytes, from_bfloat16);
  if (tensor.dtype == "F64")
    return converted<double>(bytes, [](double value) { return static_cast<float>(value); });
  return converted<float>(bytes, [](float value) { return value; });
}

}  // namespace isoloss
