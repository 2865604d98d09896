// A folder of published results made up for one test.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "analysis/published/published_check.h"
#include "analysis/published/published_folder.h"
#include "tests/temporary_folder.h"

namespace isoloss {

class MadeUpPaper {
 public:
  const std::filesystem::path& path() const { return folder_.path(); }

  void write(const std::string& file, const std::string& text) const { folder_.write(file, text); }

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
    const PublishedFolder folder = read_published(path());
    return run_checks(folder, folder.tables.front()).findings;
  }

  std::vector<PublishedFinding> findings(const std::string& csv, const std::string& checks,
                                         const std::string& more = "") const {
    table(csv, checks, more);
    return findings();
  }

 private:
  test::TemporaryFolder folder_;
};

}  // namespace isoloss
