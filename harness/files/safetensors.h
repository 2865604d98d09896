// Tensors by name in the safetensors format (docs/format.md, "Weights for other tools"): eight
// bytes of header length, a JSON header of types, shapes and places, then the values. Read with
// their types F32, F64, F16 and BF16 and written as F32; every place is checked when a file is
// opened.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

// A tensor to write: `fill` gives its values when their turn comes.
struct TensorToWrite {
  std::string name;
  std::vector<std::int64_t> shape;
  std::function<void(std::span<float>)> fill;
};

// Writes one file durably, tensors in the order given. WorkError naming the file on a full disk.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata);

// [2, 3] as text.
std::string shape_text(std::span<const std::int64_t> shape);

class TensorFiles {
 public:
  // A file, or a folder with model.safetensors or model.safetensors.index.json and the files that
  // it names. InputError naming file and tensor: missing, torn, overlapping or of impossible sizes.
  explicit TensorFiles(const std::filesystem::path& path);

  // Of the first file that has them; empty where there are none.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  std::vector<std::string> names() const;  // sorted
  bool has(const std::string& name) const { return tensors_.contains(name); }
  const std::vector<std::int64_t>& shape(const std::string& name) const;

  // The values of a tensor of this shape. InputError where there is no such tensor (the nearest is
  // named), where its shape is another (expected and found) or its type is no real number.
  std::vector<float> read(const std::string& name, std::span<const std::int64_t> shape) const;

 private:
  struct Place {
    std::filesystem::path file;
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::uint64_t first = 0;  // byte of the file
    std::uint64_t bytes = 0;
  };
  struct FilePart {
    std::uint64_t first = 0, bytes = 0;
  };
  static Place parse(const std::filesystem::path& path, const std::string& name,
                     const nlohmann::json& entry, const FilePart& data);
  const Place& place(const std::string& name) const;
  void add_file(const std::filesystem::path& path);
  void add_index(const std::filesystem::path& path);

  std::filesystem::path source_;
  std::map<std::string, Place> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace isoloss
