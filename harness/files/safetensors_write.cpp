#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

#include "harness/files/safetensors.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

std::uint64_t element_count(const TensorToWrite& tensor) {
  return static_cast<std::uint64_t>(std::accumulate(tensor.shape.begin(), tensor.shape.end(),
                                                    std::int64_t{1}, std::multiplies<>()));
}

// The length and the header, filled up with blanks so that values begin at a multiple of eight.
std::string header_of(std::span<const TensorToWrite> tensors,
                      const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json json;
  if (!metadata.empty()) json["__metadata__"] = metadata;
  std::uint64_t place = 0;
  for (const TensorToWrite& tensor : tensors) {
    const std::uint64_t end = place + element_count(tensor) * sizeof(float);
    json[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {place, end}}};
    place = end;
  }
  std::string text = json.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

// Values of one tensor after the other: no second copy of a model is held.
void write_values(int file, const std::filesystem::path& path,
                  std::span<const TensorToWrite> tensors) {
  std::vector<float> values;
  for (const TensorToWrite& tensor : tensors) {
    values.resize(element_count(tensor));
    tensor.fill(values);
    write_all(file, path,
              {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::error_code problem;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), problem);
  if (problem) throw_write_error(path, problem.value());
  const std::filesystem::path temporary = temporary_beside(path);
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) throw_write_error(path, errno);
  try {
    write_all(file, path, header_of(tensors, metadata));
    write_values(file, path, tensors);
  } catch (...) {
    ::close(file);
    std::filesystem::remove(temporary, problem);
    throw;
  }
  ::close(file);
  commit_file(temporary, path);
}

}  // namespace isoloss
