#include "harness/oneshot/datasets/record_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/durable_file.h"
#include "tests/harness/oneshot/datasets/public_samples.h"
#include "tests/harness/oneshot/parquet/missing_packages.h"

namespace isoloss {
namespace {

using nlohmann::json;

class RecordFiles : public testing::Test {
 protected:
  std::filesystem::path folder_ = fresh_folder("record-files");

  std::filesystem::path written(const std::string& name, const std::string& content) {
    write_durably(folder_ / name, content);
    return folder_ / name;
  }
  // The records' values and places, the latter without the folder.
  json read(const std::string& name, const std::string& content) {
    json all = json::array();
    for (const DataRecord& record : read_records(written(name, content)))
      all.push_back({record.place.substr(folder_.string().size() + 1), record.value});
    return all;
  }
  std::string refused(const std::string& name, const std::string& content) {
    const auto path = written(name, content);
    const std::string message = message_of([&] { read_records(path); });
    return message.substr(std::min(message.size(), folder_.string().size() + 1));
  }
};

TEST_F(RecordFiles, JsonLinesAreToldFromADocument) {
  const json lines = R"json([["a.json:1", {"x": 1}], ["a.json:3", {"x": 2}]])json"_json;
  EXPECT_EQ(read("a.json", "{\"x\": 1}\n\n{\"x\": 2}\r\n"), lines);
  EXPECT_EQ(read("a.json", "[{\"x\": 1},\n {\"x\": 2}]"),
            R"json([["a.json (element 1)", {"x": 1}], ["a.json (element 2)", {"x": 2}]])json"_json);
  EXPECT_EQ(read("a.json", "{\"version\": 1,\n \"data\": [{\"x\": 1}]}"),
            R"json([["a.json (element 1)", {"x": 1}]])json"_json);
  EXPECT_EQ(read("a.json", "{\"x\": 1}\n"), R"json([["a.json", {"x": 1}]])json"_json);
  EXPECT_EQ(read("1.txt", "{\"x\": 1}\n"), R"json([["1.txt", {"x": 1}]])json"_json);
}

TEST_F(RecordFiles, TablesHaveTheNamesOfTheirFirstLine) {
  EXPECT_EQ(read("a.csv", "id,text\n1,\"one, \"\"two\"\"\nthree\"\n2,four\n"),
            R"json([["a.csv:2", {"id": "1", "text": "one, \"two\"\nthree"}],
                ["a.csv:4", {"id": "2", "text": "four"}]])json"_json);
  EXPECT_EQ(read("a.tsv", "\xEF\xBB\xBFid\ttext\n1\tsays \"no\n2\t\n"),
            R"json([["a.tsv:2", {"id": "1", "text": "says \"no"}],
                ["a.tsv:3", {"id": "2", "text": ""}]])json"_json);
}

TEST_F(RecordFiles, XmlElementsBecomeObjects) {
  EXPECT_EQ(read("a.xml",
                 "<?xml version=\"1.0\"?>\n<!DOCTYPE all SYSTEM \"all.dtd\">\n<?xml-stylesheet "
                 "type=\"text/xsl\" href=\"all.xsl\"?>\n<all><!-- none --><item id=\"3\"><p> one\n "
                 "two </p><a>x</a><a>&lt;y</a></item></all>"),
            R"json([["a.xml (item 1)", {"id": "3", "p": "one two", "a": ["x", "<y"]}]])json"_json);
}

TEST_F(RecordFiles, TextIsALineARecord) {
  EXPECT_EQ(read("a.txt", "one\n\ntwo\n"),
            R"json([["a.txt:1", {"text": "one"}], ["a.txt:3", {"text": "two"}]])json"_json);
}

TEST_F(RecordFiles, WhatCannotBeParsedIsNamedByFileAndLine) {
  EXPECT_EQ(refused("a.jsonl", "{\"x\": 1}\n{\"x\": \n"),
            "a.jsonl:2: no JSON (one object a line is wanted); fetch the file again");
  EXPECT_EQ(refused("a.jsonl", "[1]\n"),
            "a.jsonl:1: a JSON array (one object a line is wanted); fetch the file again");
  EXPECT_EQ(refused("a.json", "[{\"x\": 1},\n{\"x\" 2}]"),
            "a.json:2: no JSON (the document cannot be parsed from here on); fetch the file again");
  EXPECT_THAT(refused("a.json", "[{\"x\": 1},\n{\"x\": \"\\ud800 b\"}]"),
              testing::StartsWith("a.json:2: half of a surrogate pair, \\ud800 ("));
  EXPECT_THAT(refused("a.jsonl", "{\"x\": \"\\ude00\"}\n"),
              testing::StartsWith("a.jsonl:1: half of a surrogate pair, \\ude00 ("));
  EXPECT_EQ(refused("a.json", "[1]"),
            "a.json (element 1): a JSON number (objects are wanted); fetch the file again");
  EXPECT_EQ(refused("a.tsv", "id\ttext\n1\n"),
            "a.tsv:2: 1 fields where the first line has 2 (a ragged row); fetch the file again");
  EXPECT_THAT(refused("a.xml", "<all>\n<item></all>"), testing::StartsWith("a.xml:2: no XML ("));
  EXPECT_EQ(refused("a.txt", "\n"),
            "a.txt: no record (the file is empty or holds a head alone); fetch the file again");
}

TEST_F(RecordFiles, ParquetIsARecordARow) {
  if (const auto missing = missing_packages({kSnappy}); !missing.empty()) GTEST_SKIP() << missing;
  const std::string small = read_file(samples("parquet/samples") / "small-1.parquet");
  EXPECT_EQ(read("a.parquet", small),
            R"json([["a.parquet (row 1)", {"id": 1, "good": true,
                                           "answers": {"text": ["a", "b"], "start": [3, 4]}}],
                    ["a.parquet (row 2)", {"id": null, "good": false,
                                           "answers": {"text": [], "start": []}}],
                    ["a.parquet (row 3)", {"id": 3, "good": null, "answers": null}]])json"_json);
  EXPECT_EQ(refused("a.parquet", small.substr(0, 99)),
            "a.parquet: damaged parquet (it does not end with PAR1: it is cut short); fetch the "
            "file again");
  EXPECT_EQ(refused("a.parquet", read_file(samples("parquet/samples") / "empty.parquet")),
            "a.parquet: no record (the file is empty or holds a head alone); fetch the file again");
}

TEST_F(RecordFiles, TablesInBinaryAndPackedFilesAreRefused) {
  EXPECT_EQ(refused("a.arrow", "ARROW1"),
            "a.arrow: arrow is not read (a binary table); export the data set as parquet or JSON "
            "lines and run again");
  EXPECT_EQ(refused("a.zip", "PK"),
            "a.zip: a packed file (folders and files are read as they are unpacked); unpack it and "
            "run again");
}

}  // namespace
}  // namespace isoloss
