// A folder of papers' tables: CSV files with the numbers as printed, and published.json, which says
// where each stands and what follows from what (docs/published.md).
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analysis/published/published_spec.h"
#include "results/csv.h"

namespace isoloss {

struct PublishedTable {
  std::string name;  // file NAME.csv
  std::string title, source, about;
  CsvTable data;
  std::filesystem::path file;
  std::map<std::string, double> printed_to;  // by column: the unit that its numbers are rounded to
  std::vector<Spec> checks, plots;
};

struct PublishedFolder {
  std::string title;
  std::shared_ptr<const nlohmann::json> manifest;  // what every Spec points into
  std::vector<PublishedTable> tables;
};

// Whether the folder holds a published.json.
bool is_published(const std::filesystem::path& folder);

// InputError: a file that is missing or not JSON (line and column named), an unknown or missing
// key, a table twice or without its file, a column that a table lacks.
PublishedFolder read_published(const std::filesystem::path& folder);

// InputError naming `place` where there is none such (nearest named).
const PublishedTable& published_table(const PublishedFolder& folder, const std::string& name,
                                      const std::string& place);
std::size_t published_column(const PublishedTable& table, const std::string& column,
                             const std::string& place);

}  // namespace isoloss
