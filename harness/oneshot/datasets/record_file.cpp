#include "harness/oneshot/datasets/record_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "harness/oneshot/datasets/xml_records.h"
#include "harness/oneshot/parquet/parquet_rows.h"
#include "model/spec/error.h"
#include "model/spec/lone_surrogate.h"
#include "results/csv.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

[[noreturn]] void refuse_text(const std::string& place, const std::string& problem) {
  throw InputError(place + ": " + problem);
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

// Lines that are not blank, with their numbers from 1.
void for_each_line(std::string_view text,
                   const std::function<void(std::string_view, std::size_t)>& visit) {
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_blank(line)) visit(line, number);
  }
}

std::vector<DataRecord> json_lines(std::string_view text, const std::string& file) {
  std::vector<DataRecord> records;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    const std::string place = fmt::format("{}:{}", file, number);
    json value = json::parse(line, nullptr, false);
    if (const auto escape = lone_surrogate(line); value.is_discarded() && !escape.empty())
      refuse_text(place, lone_surrogate_refusal(escape));
    if (value.is_discarded())
      refuse_text(place, "no JSON (one object a line is wanted); fetch the file again");
    if (!value.is_object())
      refuse_text(place,
                  fmt::format("a JSON {} (one object a line is wanted); fetch the file again",
                              value.type_name()));
    records.push_back({std::move(value), place});
  });
  return records;
}

std::vector<DataRecord> elements(json array, const std::string& file) {
  std::vector<DataRecord> records;
  for (json& value : array) {
    const std::string place = fmt::format("{} (element {})", file, records.size() + 1);
    if (!value.is_object())
      refuse_text(place, fmt::format("a JSON {} (objects are wanted); fetch the file again",
                                     value.type_name()));
    records.push_back({std::move(value), place});
  }
  return records;
}

std::vector<DataRecord> json_document(std::string_view text, const std::string& file) {
  json value;
  try {
    value = json::parse(text);
  } catch (const json::parse_error& error) {
    const auto before = text.substr(0, std::min(error.byte, text.size()));
    const std::string place =
        fmt::format("{}:{}", file, 1 + std::count(before.begin(), before.end(), '\n'));
    if (const auto escape = lone_surrogate(before); !escape.empty())
      refuse_text(place, lone_surrogate_refusal(escape));
    refuse_text(place,
                "no JSON (the document cannot be parsed from here on); fetch the file again");
  }
  if (value.is_array()) return elements(std::move(value), file);
  for (const char* name : {"data", "Data"})
    if (value.is_object() && value.contains(name) && value[name].is_array())
      return elements(std::move(value[name]), file);
  if (!value.is_object())
    refuse_text(file, fmt::format("a JSON {} (an object or an array of them is wanted); fetch the "
                                  "file again",
                                  value.type_name()));
  return {{std::move(value), file}};
}

// Exports call JSON lines .json too: they are where the first line is an object by itself and more
// follows.
std::vector<DataRecord> json_of_either_form(std::string_view text, const std::string& file) {
  const std::size_t end = text.find('\n');
  const bool more = end != std::string_view::npos &&
                    text.find_first_not_of(" \t\r\n", end) != std::string_view::npos;
  if (more && json::accept(text.substr(0, end))) return json_lines(text, file);
  return json_document(text, file);
}

std::vector<DataRecord> comma_separated(const fs::path& file) {
  const CsvTable table = read_csv(file);
  std::vector<DataRecord> records;
  for (const CsvRow& row : table.rows) {
    json value = json::object();
    for (std::size_t i = 0; i < table.columns.size(); ++i) value[table.columns[i]] = row.fields[i];
    records.push_back({std::move(value), fmt::format("{}:{}", file.string(), row.line)});
  }
  return records;
}

std::vector<std::string> tab_fields(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    fields.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return fields;
}

std::vector<DataRecord> tab_separated(std::string_view text, const std::string& file) {
  std::vector<std::string> columns;
  std::vector<DataRecord> records;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    std::vector<std::string> fields = tab_fields(line);
    if (columns.empty()) {
      columns = std::move(fields);
      return;
    }
    const std::string place = fmt::format("{}:{}", file, number);
    if (fields.size() != columns.size())
      refuse_text(place, fmt::format("{} fields where the first line has {} (a ragged row); fetch "
                                     "the file again",
                                     fields.size(), columns.size()));
    json value = json::object();
    for (std::size_t i = 0; i < columns.size(); ++i) value[columns[i]] = std::move(fields[i]);
    records.push_back({std::move(value), place});
  });
  return records;
}

std::vector<DataRecord> plain_lines(std::string_view text, const std::string& file) {
  std::vector<DataRecord> records;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    records.push_back({{{"text", line}}, fmt::format("{}:{}", file, number)});
  });
  return records;
}

std::vector<DataRecord> table_rows(std::string_view bytes, const std::string& file) {
  std::vector<DataRecord> records;
  for (json& row : parquet_rows(bytes, file)) {
    const std::string place = fmt::format("{} (row {})", file, records.size() + 1);
    records.push_back({std::move(row), place});
  }
  return records;
}

void refuse_packed(const std::string& file, std::string_view extension) {
  if (extension == ".arrow")
    refuse_text(file,
                "arrow is not read (a binary table); export the data set as parquet or JSON lines "
                "and run again");
  for (const char* packed : {".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst"})
    if (extension == packed)
      refuse_text(file,
                  "a packed file (folders and files are read as they are unpacked); unpack "
                  "it and run again");
}

}  // namespace

std::vector<DataRecord> read_records(const fs::path& file) {
  const std::string name = file.string();
  const std::string extension = file.extension().string();
  refuse_packed(name, extension);
  const std::string text = read_file(file);
  std::vector<DataRecord> records;
  if (extension == ".jsonl") {
    records = json_lines(text, name);
  } else if (extension == ".json") {
    records = json_of_either_form(text, name);
  } else if (extension == ".csv") {
    records = comma_separated(file);
  } else if (extension == ".tsv") {
    records = tab_separated(text, name);
  } else if (extension == ".parquet") {
    records = table_rows(text, name);
  } else if (extension == ".xml") {
    records = xml_records(text, name);
  } else {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool document = first != std::string::npos && text[first] == '{';
    records = document ? json_document(text, name) : plain_lines(text, name);
  }
  if (records.empty())
    refuse_text(name, "no record (the file is empty or holds a head alone); fetch the file again");
  return records;
}

}  // namespace isoloss
