// A file of public task data as records, whatever its form: JSON values, each with the place that
// it stands at for messages.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace isoloss {

struct DataRecord {
  nlohmann::json value;  // an object
  std::string place;     // FILE:LINE; of what has no lines FILE (element 3), FILE (row 3), from 1
};

// The file's records in its order. What it is follows from its name:
//   .jsonl         a JSON object a line
//   .json          likewise, or one document: an array, an object that has one as `data` (`Data`),
//                  or any other object, which is one record
//   .parquet       a row (parquet/parquet_rows.h)
//   .csv, .tsv     a row, by the names of the first one; .tsv has no quotes
//   .xml           an element of the outermost one (xml_records.h)
//   any other      a line as {"text": line}, or one JSON document where it begins with `{`
// Blank lines are passed over. InputError with file and line: what cannot be parsed, no record at
// all; packed files are refused.
std::vector<DataRecord> read_records(const std::filesystem::path& file);

}  // namespace isoloss
