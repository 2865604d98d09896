// Parquet files (github.com/apache/parquet-format), the form in which hubs keep and export data
// sets, as JSON values.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace isoloss {

// The rows of a whole file, each an object: texts, whole and real numbers, truth values, nulls,
// lists as arrays and structs as objects, nested at will. `file` names it in messages. InputError
// with file and column: what is damaged, cut short, encrypted, or written in a way that the headers
// beside this one do not read.
std::vector<nlohmann::json> parquet_rows(std::string_view bytes, const std::string& file);

}  // namespace isoloss
