#include "harness/oneshot/datasets/task_data_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/durable_file.h"
#include "results/file_seal.h"
#include "results/unread_error.h"

namespace isoloss {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kTaskDataMagic = "ISOLTSK\n";
constexpr std::uint32_t kTaskDataVersion = 1;
// Magic, version, 0, tokenizer hash, bytes of the directory, bytes of the file.
constexpr std::size_t kCheckedHead = 40;
constexpr std::size_t kHead = kCheckedHead + 8;  // and the checksum of it and the directory

std::string hexadecimal(std::uint64_t number) { return fmt::format("{:016x}", number); }

[[noreturn]] void refuse_task_data(const fs::path& path, const std::string& reason) {
  throw InputError(fmt::format("cannot read {} ({}); make it again with isoloss data prepare-tasks",
                               path.string(), reason));
}

std::string lines_of(const std::vector<DataItem>& items) {
  std::string text;
  for (const DataItem& item : items)
    text += item.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return text;
}

json described(const TaskDataSet& set, const std::string& section, std::size_t begin) {
  json files = json::array();
  for (const SourceFile& file : set.files)
    files.push_back(
        {{"name", file.name}, {"bytes", file.bytes}, {"checksum", hexadecimal(file.checksum)}});
  return {{"name", set.name},
          {"split", set.split},
          {"shots_split", set.shots_split},
          {"licence", set.licence},
          {"files", std::move(files)},
          {"warnings", set.warnings},
          {"items", set.items.size()},
          {"shots", set.shots.size()},
          {"begin", begin},
          {"bytes", section.size()},
          {"checksum", hexadecimal(checksum(section))}};
}

std::string bytes_at(const fs::path& path, std::uint64_t begin, std::uint64_t count) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(count, '\0');
  if (!in.seekg(static_cast<std::streamoff>(begin)) ||
      !in.read(bytes.data(), static_cast<std::streamsize>(count)))
    throw UnreadError(
        fmt::format("cannot read {} (no such file, not readable, or cut short); "
                    "check the path and its permissions",
                    path.string()));
  return bytes;
}

}  // namespace

bool begins_as_task_data(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string begin(kTaskDataMagic.size(), '\0');
  return in.read(begin.data(), static_cast<std::streamsize>(begin.size())) &&
         begin == kTaskDataMagic;
}

void write_task_data(const fs::path& path, const TaskData& data) {
  std::string sections;
  json sets = json::array();
  for (const TaskDataSet& set : data.sets) {
    const std::string section = lines_of(set.items) + lines_of(set.shots);
    sets.push_back(described(set, section, sections.size()));
    sections += section;
  }
  const json directory = {
      {"tokenizer", data.tokenizer}, {"sets", std::move(sets)}, {"missing", data.missing}};
  const std::string text = directory.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string bytes(kTaskDataMagic);
  append_u32(bytes, kTaskDataVersion);
  append_u32(bytes, 0);
  append_u64(bytes, data.tokenizer_hash);
  append_u64(bytes, text.size());
  append_u64(bytes, kHead + text.size() + sections.size());
  append_u64(bytes, checksum(bytes + text));
  write_durably(path, bytes + text + sections);
}

TaskDataFile::TaskDataFile(fs::path path) : path_(std::move(path)) {
  std::error_code missing;
  const std::uint64_t size = fs::file_size(path_, missing);
  if (missing)
    throw UnreadError(
        fmt::format("cannot read {} ({}); check the path", path_.string(), missing.message()));
  if (size < kHead) refuse_task_data(path_, "it is no task data file, or cut short");
  const std::string head = bytes_at(path_, 0, kHead);
  if (!head.starts_with(kTaskDataMagic)) refuse_task_data(path_, "it is no task data file");
  const std::uint32_t version = u32_at(head, 8);
  if (version != kTaskDataVersion)
    throw UnreadError(fmt::format(
        "cannot read {} (format version {}, this program reads {}); make it again with isoloss "
        "data prepare-tasks",
        path_.string(), version, kTaskDataVersion));
  tokenizer_hash_ = u64_at(head, 16);
  const std::uint64_t directory_bytes = u64_at(head, 24);
  if (u64_at(head, 32) != size || directory_bytes > size - kHead)
    refuse_task_data(path_, fmt::format("{} bytes where its head says {}: it is cut short or "
                                        "altered",
                                        size, u64_at(head, 32)));
  const std::string text = bytes_at(path_, kHead, directory_bytes);
  if (checksum(head.substr(0, kCheckedHead) + text) != u64_at(head, kCheckedHead))
    refuse_task_data(path_, "its checksum does not match: it is damaged");
  sections_begin_ = kHead + directory_bytes;
  json directory = json::parse(text);
  tokenizer_ = directory.at("tokenizer");
  missing_ = directory.at("missing").get<std::vector<std::string>>();
  sets_ = std::move(directory.at("sets"));
}

std::vector<std::string> TaskDataFile::names() const {
  std::vector<std::string> names;
  for (const json& set : sets_) names.push_back(set.at("name"));
  return names;
}

bool TaskDataFile::has(const std::string& name) const {
  return std::any_of(sets_.begin(), sets_.end(),
                     [&](const json& set) { return set.at("name") == name; });
}

const json& TaskDataFile::entry(const std::string& name) const {
  for (const json& set : sets_)
    if (set.at("name") == name) return set;
  if (std::find(missing_.begin(), missing_.end(), name) != missing_.end())
    throw InputError(fmt::format(
        "{} has no {} (its files were missing when the file was made); fetch them and make it "
        "again with isoloss data prepare-tasks",
        path_.string(), name));
  throw InputError(fmt::format("{} has no data set '{}' (it was never looked for){}",
                               path_.string(), name, suggestion(name, names())));
}

std::string TaskDataFile::digest(const std::string& name) const {
  return entry(name).at("checksum");
}

TaskDataSet TaskDataFile::read(const std::string& name) const {
  const json& found = entry(name);
  const std::string section =
      bytes_at(path_, sections_begin_ + found.at("begin").get<std::uint64_t>(),
               found.at("bytes").get<std::uint64_t>());
  if (hexadecimal(checksum(section)) != found.at("checksum"))
    refuse_task_data(path_, fmt::format("the checksum of {} does not match: it is damaged", name));
  TaskDataSet set{found.at("name"),
                  found.at("split"),
                  found.at("shots_split"),
                  found.at("licence"),
                  {},
                  found.at("warnings"),
                  {},
                  {}};
  for (const json& file : found.at("files"))
    set.files.push_back({file.at("name"), file.at("bytes"),
                         std::stoull(file.at("checksum").get<std::string>(), nullptr, 16)});
  const auto items = found.at("items").get<std::size_t>();
  for (std::size_t begin = 0; begin < section.size();) {
    const std::size_t end = section.find('\n', begin);
    auto& list = set.items.size() < items ? set.items : set.shots;
    list.push_back(json::parse(section.substr(begin, end - begin)));
    begin = end + 1;
  }
  return set;
}

void TaskDataFile::require_tokenizer(std::uint64_t hash, const std::string& model) const {
  if (hash == tokenizer_hash_) return;
  throw InputError(fmt::format(
      "{} was made for another tokenizer ({}, {}) than {} reads ({}); make it again with isoloss "
      "data prepare-tasks --tokenizer of that model",
      path_.string(), tokenizer_, hexadecimal(tokenizer_hash_), model, hexadecimal(hash)));
}

}  // namespace isoloss
