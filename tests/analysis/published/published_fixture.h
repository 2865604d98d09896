// A folder of published results made up for one test.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "analysis/published/published_check.h"
#include "analysis/published/published_folder.h"

namespace isoloss {

class MadeUpPaper {
 public:
  MadeUpPaper() {
    std::string name = (std::filesystem::temp_directory_path() / "isoloss-paper-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~MadeUpPaper() { std::filesystem::remove_all(path_); }
  MadeUpPaper(const MadeUpPaper&) = delete;
  MadeUpPaper& operator=(const MadeUpPaper&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void write(const std::string& file, const std::string& text) const {
    std::ofstream(path_ / file, std::ios::binary) << text;
  }

  // One table, t.csv, with the checks (JSON objects, commas between) listed under it, and more keys
  // of the table after them.
  void table(const std::string& csv, const std::string& checks,
             const std::string& more = "") const {
    write("t.csv", csv);
    write(
        "published.json",
        R"({"title": "A paper", "tables": [{"name": "t", "title": "Table 1", "source": "made up", )"
        R"("checks": [)" +
            checks + "]" + more + "}]}");
  }

  std::vector<PublishedFinding> findings() const {
    const PublishedFolder folder = read_published(path_);
    return run_checks(folder, folder.tables.front()).findings;
  }

  std::vector<PublishedFinding> findings(const std::string& csv, const std::string& checks,
                                         const std::string& more = "") const {
    table(csv, checks, more);
    return findings();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace isoloss
