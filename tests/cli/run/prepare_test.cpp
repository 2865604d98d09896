// Public corpora by the program as a user runs it: the papers' own commands on small files of each
// release's form, the paper's study planned and a tiny one trained on what they made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "tests/cli/program.h"
#include "tests/places.h"

namespace isoloss::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

// The command of a shipped study's comment, after "isoloss ", its broken lines joined. T5's
// SentencePiece model is not ours to ship: bytes stand in for it, padded to the same 32,128 ids.
std::string prepare_command(const std::string& study) {
  std::ifstream in(fs::path(test::checkout()) / "sweeps" / (study + ".yaml"));
  std::string command;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find("isoloss data prepare");
    if (!inside && (begin == std::string::npos || !line.starts_with("#"))) continue;
    std::string part =
        inside ? line.substr(1) : line.substr(begin + std::string("isoloss ").size());
    inside = part.ends_with('\\');
    if (inside) part.pop_back();
    command += part;
    if (!inside) break;
  }
  const std::size_t model = command.find("T5.model");
  return model == std::string::npos ? "" : command.replace(model, 8, "bytes");
}

std::string c4_record(int i) {
  return R"({"text":"Page )" + std::to_string(i) +
         R"( tells\nof a river.","timestamp":"2019-04-25T)" +
         R"(12:57:54Z","url":"https://example.org/)" + std::to_string(i) + "\"}\n";
}

std::string c4_records(int first, int last) {
  std::string text;
  for (int i = first; i < last; ++i) text += c4_record(i);
  return text;
}

std::string lm1b_sentences(int first, int last) {
  std::string text;
  for (int i = first; i < last; ++i) text += "Sentence " + std::to_string(i) + " , of news .\n";
  return text;
}

void gzip(const fs::path& file) {
  ASSERT_EQ(std::system(("gzip '" + file.string() + "'").c_str()), 0);
}

// 100 records of training in two compressed shards, and 60 held out.
void lay_out_c4(const TemporaryFolder& scratch) {
  spill(scratch / "c4/en/c4-train.00000-of-01024.json", c4_records(100, 150));
  spill(scratch / "c4/en/c4-train.00001-of-01024.json", c4_records(150, 200));
  spill(scratch / "c4/en/c4-validation.00000-of-00008.json", c4_records(200, 260));
  for (const char* shard :
       {"train.00000-of-01024", "train.00001-of-01024", "validation.00000-of-00008"})
    gzip(scratch / ("c4/en/c4-" + std::string(shard) + ".json"));
}

void lay_out_pg19(const TemporaryFolder& scratch) {
  for (int book = 10; book < 14; ++book)
    spill(scratch / ("pg19/train/" + std::to_string(book) + ".txt"),
          "Book " + std::to_string(book) + "\r\n" + std::string(990, 'a'));
  for (int book = 20; book < 24; ++book)
    spill(scratch / ("pg19/validation/" + std::to_string(book) + ".txt"),
          "Book " + std::to_string(book) + "\n" + std::string(400, 'b'));
}

void lay_out_lm1b(const TemporaryFolder& scratch) {
  const std::string training = "training-monolingual.tokenized.shuffled/news.en-000",
                    held_out = "heldout-monolingual.tokenized.shuffled/news.en.heldout-000";
  spill(scratch / (training + "01-of-00100"), lm1b_sentences(100, 150));
  spill(scratch / (training + "02-of-00100"), lm1b_sentences(150, 200));
  spill(scratch / (held_out + "00-of-00050"), lm1b_sentences(200, 230));
  spill(scratch / (held_out + "01-of-00050"), lm1b_sentences(230, 260));
}

struct Release {
  const char* study;
  const char* folder;  // that its command writes
  void (*lay_out)(const TemporaryFolder&);
  int training_bytes, held_out_bytes, documents;  // by hand, in the table below
};

void PrintTo(const Release& release, std::ostream* out) { *out << release.study; }

class PreparedRelease : public testing::TestWithParam<Release> {
 protected:
  TemporaryFolder scratch_;
};

TEST_P(PreparedRelease, IsPlannedByThePapersStudyAndTrainedOn) {
  const Release& release = GetParam();
  const auto isoloss = [&](const std::string& arguments) {
    return test::isoloss(arguments, scratch_.path());
  };
  release.lay_out(scratch_);
  const std::string command = prepare_command(release.study);
  ASSERT_NE(command, "") << "no command in the comment";
  const Outcome prepared = isoloss(command);
  ASSERT_EQ(prepared.status, 0) << command << "\n" << prepared.err;
  const json made = json::parse(prepared.out);
  EXPECT_EQ(made.at("vocabulary"), 32128);
  EXPECT_EQ(made.at("documents"), release.documents);
  EXPECT_EQ(made.at("training_tokens"), release.training_bytes);
  EXPECT_EQ(made.at("selection_tokens").get<int>() + made.at("report_tokens").get<int>(),
            release.held_out_bytes);

  // The paper's study with the path filled in.
  std::string paper =
      slurp(fs::path(test::checkout()) / "sweeps" / (std::string(release.study) + ".yaml"));
  paper.replace(paper.find("tokens: FILL_IN/"), 16, "tokens: ");
  spill(scratch_ / "paper.yaml", paper);
  const Outcome plan = isoloss("plan paper.yaml");
  EXPECT_EQ(plan.status, 0) << plan.err;
  EXPECT_EQ(plan.err, "");  // no note that the tokens are absent

  // Two steps of 64 tokens.
  spill(scratch_ / "tiny.yaml", "study: tiny\ndata: {tokens: " + std::string(release.folder) +
                                    ", vocabulary: 32128}\n"
                                    "model: {layers: 1, d_head: 8, sequence: 16}\n"
                                    "optimizer: {warmup_steps: 2, batch_tokens: 64}\n"
                                    "grid:\n"
                                    "  architecture: [transformer]\n"
                                    "  size: [{name: s, d_model: 8}]\n"
                                    "  budget: {tokens: [128]}\n"
                                    "evaluate: {tokens: 256}\n");
  const Outcome run = isoloss("run tiny.yaml --out out");
  ASSERT_EQ(run.status, 0) << run.err;
  const json status = json::parse(isoloss("status out --json").out);
  EXPECT_EQ(status.at("trials").at("done"), 1);
  EXPECT_THAT(isoloss("points out").out, HasSubstr(",128,"));
}

// C4: a record is "Page 100 tells\nof a river." and a line end, 14 + 1 + 11 + 1 bytes; 100 of them,
// and 60. PG19: "Book 10\r\n" and 990 bytes, four times; "Book 20\n" and 400. LM1B: "Sentence 100 ,
// of news ." and a line end, 24 + 1 bytes.
INSTANTIATE_TEST_SUITE_P(
    Papers, PreparedRelease,
    testing::Values(Release{"t5_c4_medium", "c4", lay_out_c4, 2700, 1620, 160},
                    Release{"t5_c4_full", "c4", lay_out_c4, 2700, 1620, 160},
                    Release{"gpt3_xl", "c4", lay_out_c4, 2700, 1620, 160},
                    Release{"t5_pg19_medium", "pg19", lay_out_pg19, 3996, 1632, 8},
                    Release{"t5_lm1b", "lm1b", lay_out_lm1b, 2500, 1500, 160}));

// What is not in its form: exit 2, one line with the file and, where it has lines, the line, and no
// folder left behind.
TEST(Prepare, WrongFormsAreRefusedByFileAndLine) {
  const TemporaryFolder scratch;
  spill(scratch / "c4-train.00000-of-01024.json", c4_record(1) + c4_record(2) + "Not a record\n");
  spill(scratch / "c4-train.00001-of-01024.json", c4_record(1) + R"({"content": "a page"})" + "\n");
  spill(scratch / "c4-train.00002-of-01024.json", c4_record(1) + c4_record(2) + R"({"text": "cut)");
  gzip(scratch / "c4-train.00002-of-01024.json");
  spill(scratch / "c4-train.00003-of-01024.json.gz", c4_record(1));
  spill(scratch / "torn.txt", lm1b_sentences(0, 400));
  gzip(scratch / "torn.txt");
  fs::resize_file(scratch / "torn.txt.gz", 200);
  spill(scratch / "pg19/train/10.txt", "A book");
  spill(scratch / "pg19/train/11.txt", "");
  spill(scratch / "news.en-00001-of-00100", "\n\n");
  const struct {
    const char* text;
    const char* problem;
  } cases[] = {
      {"c4-train.00000-of-01024.json", "c4-train.00000-of-01024.json:3: no JSON"},
      {"c4-train.00001-of-01024.json", "c4-train.00001-of-01024.json:2: no field 'text'"},
      {"c4-train.00002-of-01024.json.gz", "c4-train.00002-of-01024.json.gz:3: no JSON"},
      {"c4-train.00003-of-01024.json.gz", "c4-train.00003-of-01024.json.gz is no gzip"},
      {"torn.txt.gz", "torn.txt.gz is torn or damaged"},
      {"pg19/train", "pg19/train/11.txt is empty"},
      {"news.en-00001-of-00100", "news.en-00001-of-00100 is empty"},
      {"pg19/test", "pg19/test: no such text"},
      {"'c4/en/c4-train.*.json.gz'", "c4/en/c4-train.*.json.gz: no such text"},
      {"pg19/train --form jsonl", "--form is 'jsonl'"},
      {"pg19/train/10.txt --field content", "--field is given and no text is JSON lines"},
      {"c4-train.00001-of-01024.json --form text --field content", "--field is given"},
      {"pg19/train/10.txt --vocabulary 5000000000", "a vocabulary of 5000000000 is too large"},
      {"pg19/train/10.txt --tokenizer unigram:299", "give 300 or more, or the tokenizer bytes"},
      {"pg19/train/10.txt --tokenizer unigram:300", "give more text, or the tokenizer bytes"},
      {"pg19/train/10.txt --tokenizer unigram:99999999999", "give fewer pieces, or the"},
  };
  for (const auto& [text, problem] : cases) {
    const Outcome outcome =
        test::isoloss(std::string("data prepare ") + text + " --out out", scratch.path());
    EXPECT_EQ(outcome.status, 2) << text;
    EXPECT_THAT(outcome.err, HasSubstr(problem)) << text;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.out, "") << text;
    EXPECT_FALSE(fs::exists(scratch / "out/tokens.json")) << text;
  }
}

}  // namespace
}  // namespace isoloss::test
