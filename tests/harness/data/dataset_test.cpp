#include "harness/data/dataset.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "harness/data/synthetic_floor.h"
#include "harness/data/text_dataset.h"
#include "harness/data/token_file.h"
#include "harness/data/token_file_dataset.h"
#include "harness/data/token_file_folder.h"
#include "harness/data/tokenizer.h"
#include "model/spec/counter_random.h"
#include "model/spec/error.h"
#include "tests/temporary_folder.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kSequence = 16;

std::string words(std::uint64_t seed, std::size_t bytes) {
  std::string text;
  for (std::uint64_t i = 0; text.size() < bytes; ++i)
    text.push_back("abcdefgh \n"[random_below(seed, 1, i, 10)]);
  return text;
}

std::string trained_on(const std::string& text) {
  LineSample sample(text.size());
  sample.add(text);
  return train_unigram(sample, 300);
}

std::string prepare_tokens(const DataSpec& data, const fs::path& folder) {
  if (data.kind == DataKind::Text) return prepare_text_folder(text_source(data), folder);
  return prepare_synthetic_folder(data.synthetic, data.validation, folder, kSequence);
}

class DatasetTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  DataSpec text_of(std::size_t documents, std::size_t bytes) {
    DataSpec data;
    for (std::size_t i = 0; i < documents; ++i)
      data.files.push_back(write(fmt::format("d{}", i), words(i, bytes)));
    data.validation = 0.2;
    return data;
  }
  std::shared_ptr<const Dataset> open(const DataSpec& data, std::int64_t tokens = 640) {
    return open_dataset(data, kSequence, tokens, folder_ / "cache");
  }
  std::string refusal(const DataSpec& data, std::int64_t tokens = 640) {
    try {
      open(data, tokens);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  std::vector<fs::path> cached() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache"))
      paths.push_back(entry.path());
    return paths;
  }
  const test::TemporaryFolder own_;
  const fs::path folder_ = own_.path();
};

std::string as_text(const std::vector<std::int32_t>& tokens) {
  return std::string(tokens.begin(), tokens.end());
}

DataSpec synthetic(std::int64_t tokens) {
  DataSpec data;
  data.kind = DataKind::Synthetic;
  data.synthetic.symbols = 5;
  data.synthetic.topics = 2;
  data.synthetic.tokens = tokens;
  data.validation = 0.2;
  return data;
}

TEST_F(DatasetTest, AnEpochHoldsEveryWindowOnce) {
  // One document of distinct places: positions are recovered from the text itself.
  DataSpec data;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("{:03}.", i);
  data.files = {write("count", text)};
  data.validation = 0.2;
  const auto dataset = open(data);
  ASSERT_EQ(dataset->training_tokens(), 3200);
  const std::int64_t windows = (3200 - 15) / 16;  // as many as fit at every offset: 199
  for (const std::int64_t epoch : {0, 1, 5}) {
    const auto rows = dataset->samples(3, epoch * windows, windows, kSequence);
    std::set<std::size_t> places;
    std::set<std::size_t> offsets;
    for (std::int64_t w = 0; w < windows; ++w) {
      const std::string row = as_text({rows.begin() + w * 16, rows.begin() + (w + 1) * 16});
      const std::size_t place = text.find(row);
      ASSERT_LT(place, 3200u);
      places.insert(place);
      offsets.insert(place % 16);
    }
    EXPECT_EQ(places.size(), static_cast<std::size_t>(windows));
    EXPECT_EQ(offsets.size(), 1u);  // one offset an epoch: windows do not overlap
  }
}

TEST_F(DatasetTest, SamplesDependOnSeedAndIndexAlone) {
  const auto dataset = open(text_of(5, 2000));
  const auto many = dataset->samples(1, 0, 700, kSequence);
  const auto later = dataset->samples(1, 600, 100, kSequence);
  EXPECT_TRUE(std::equal(later.begin(), later.end(), many.begin() + 600 * kSequence));
  EXPECT_NE(dataset->samples(2, 0, 700, kSequence), many);
}

TEST_F(DatasetTest, EpochsDifferInOrder) {
  const auto dataset = open(text_of(5, 2000));
  const std::int64_t windows = (dataset->training_tokens() - kSequence + 1) / kSequence;
  EXPECT_NE(dataset->samples(1, 0, windows, kSequence),
            dataset->samples(1, windows, windows, kSequence));
}

TEST_F(DatasetTest, TrainingNeverShowsHeldOutText) {
  const auto dataset = open(text_of(5, 2000));
  const auto training = dataset->samples(1, 0, 2000, kSequence);
  std::set<std::string> seen;
  for (std::size_t i = 0; i < training.size(); i += kSequence)
    seen.insert(as_text({training.begin() + static_cast<long>(i),
                         training.begin() + static_cast<long>(i + kSequence)}));
  for (const auto* part : {&dataset->held_out().selection, &dataset->held_out().report})
    for (std::size_t i = 0; i < part->tokens.size(); i += kSequence)
      EXPECT_FALSE(
          seen.contains(as_text({part->tokens.begin() + static_cast<long>(i),
                                 part->tokens.begin() + static_cast<long>(i + kSequence)})));
}

TEST_F(DatasetTest, HeldOutRowsAreEvenlySpacedPiecesOfTheReportText) {
  const auto dataset = open(text_of(5, 2000), 320);
  const HeldOut& held_out = dataset->held_out();
  ASSERT_EQ(held_out.report.sequences, 20);
  ASSERT_EQ(held_out.selection.sequences, 10);
  const std::string& text = dataset->held_out_text();
  for (std::size_t row = 0; row < 20; ++row)
    EXPECT_EQ(as_text({held_out.report.tokens.begin() + static_cast<long>(row * 16),
                       held_out.report.tokens.begin() + static_cast<long>(row * 16 + 16)}),
              text.substr(row * text.size() / 20, 16));
}

TEST_F(DatasetTest, FewerHeldOutTokensThanAskedForAreAllUsed) {
  const auto dataset = open(text_of(5, 2000), 1'000'000);
  EXPECT_EQ(dataset->held_out().report.sequences, 2000 / 16);
}

TEST_F(DatasetTest, TextTooShortForEightHeldOutRowsIsRefusedByName) {
  const DataSpec data = text_of(1, 1000);  // a tenth of 1000 bytes: six rows of 16
  const std::string message = refusal(data);
  EXPECT_NE(message.find(data.files[0]), std::string::npos) << message;
  EXPECT_NE(message.find("too short"), std::string::npos) << message;
  EXPECT_EQ(refusal(data, 4 * kSequence), "");  // four rows are there
}

TEST_F(DatasetTest, TextTooShortForOneTrainingRowIsRefused) {
  DataSpec data = text_of(1, 200);
  data.validation = 0.95;
  EXPECT_NE(refusal(data, 2 * kSequence).find("training part"), std::string::npos);
}

TEST_F(DatasetTest, ADamagedCacheFileIsRefusedAndSaysWhatToDelete) {
  const DataSpec data = text_of(5, 2000);
  open(data);
  const auto files = cached();
  ASSERT_EQ(files.size(), 1u);
  fs::resize_file(files[0], fs::file_size(files[0]) - 1);
  const std::string message = refusal(data);
  EXPECT_NE(message.find(files[0].string()), std::string::npos) << message;
  EXPECT_NE(message.find("delete it"), std::string::npos) << message;
}

TEST_F(DatasetTest, ACacheFileOfAnotherTextIsRefused) {
  const DataSpec data = text_of(5, 2000);
  open(data);
  const fs::path here = cached().at(0);
  DataSpec other = data;
  other.validation = 0.4;
  open(other);
  for (const fs::path& path : cached())
    if (path != here) fs::copy_file(path, here, fs::copy_options::overwrite_existing);
  EXPECT_NE(refusal(data).find("another source"), std::string::npos);
}

TEST_F(DatasetTest, ManyOpenersAtOnceAgreeAndLeaveOneFile) {
  const DataSpec data = text_of(5, 2000);
  std::vector<std::string> hashes(8);
  std::vector<std::jthread> threads;
  for (std::string& hash : hashes)
    threads.emplace_back([&, this] { hash = open(data)->held_out().hash; });
  threads.clear();
  EXPECT_EQ(std::set<std::string>(hashes.begin(), hashes.end()).size(), 1u);
  EXPECT_EQ(cached().size(), 1u);
}

TEST_F(DatasetTest, NamesOfFilesDoNotMatter) {
  DataSpec data = text_of(4, 2000);
  const std::string hash = open(data)->held_out().hash;
  const std::string renamed = (folder_ / "zz").string();
  fs::rename(data.files[0], renamed);
  data.files[0] = renamed;
  EXPECT_EQ(open(data)->held_out().hash, hash);
  EXPECT_EQ(cached().size(), 1u);
}

TEST_F(DatasetTest, AUnigramIsTrainedOnTheTrainingDocumentsAlone) {
  DataSpec data = text_of(3, 4000);
  data.tokenizer = {TokenizerKind::Unigram, 300, ""};
  const auto dataset = open(data);
  const TokenFile file(cached().at(0));
  ASSERT_EQ(file.documents().front().part, Part::Training);
  std::string trained_text;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const std::string text = words(i, 4000);
    if (XXH3_64bits(text.data(), text.size()) == file.documents().front().hash) trained_text = text;
  }
  EXPECT_EQ(file.tokenizer_model(), trained_on(trained_text));
  EXPECT_EQ(dataset->vocabulary(), 300);
  EXPECT_EQ(dataset->tokenizer_name(), "unigram:300");
  EXPECT_DOUBLE_EQ(dataset->held_out().bytes_per_token,
                   4000.0 / static_cast<double>(dataset->encode(dataset->held_out_text()).size()));
}

TEST_F(DatasetTest, AVocabularyThatIsNotTheModelsIsRefused) {
  DataSpec data = text_of(3, 4000);
  data.tokenizer = {TokenizerKind::Model, 400, write("t.model", trained_on(words(9, 4000)))};
  const std::string message = refusal(data);
  EXPECT_NE(message.find("300"), std::string::npos) << message;
  EXPECT_NE(message.find("400"), std::string::npos) << message;
  data.tokenizer.vocabulary = 300;
  EXPECT_EQ(open(data)->vocabulary(), 300);
}

TEST_F(DatasetTest, ASyntheticLanguageHasItsFloorAndNoText) {
  const DataSpec data = synthetic(5000);
  const auto dataset = open(data);
  const SyntheticLanguage language = make_language(data.synthetic);
  EXPECT_EQ(dataset->vocabulary(), 5);
  EXPECT_EQ(dataset->training_tokens(), 5000);
  EXPECT_EQ(dataset->held_out().floor,
            language_floor(language, dataset->held_out().report.tokens, kSequence));
  EXPECT_EQ(dataset->held_out_text(), "");
  EXPECT_TRUE(dataset->encode("text").empty());
}

TEST_F(DatasetTest, PreparedTokensAreTheSameData) {
  const fs::path folder = folder_ / "prepared";
  for (const DataSpec& data : {text_of(5, 2000), synthetic(5000)}) {
    fs::remove_all(folder);
    const auto json = nlohmann::json::parse(prepare_tokens(data, folder));
    DataSpec prepared;
    prepared.kind = DataKind::Tokens;
    prepared.files = {folder.string()};
    const auto dataset = open(prepared);
    const auto direct = open(data);
    EXPECT_EQ(dataset->held_out().hash, direct->held_out().hash);
    EXPECT_EQ(dataset->held_out().floor, direct->held_out().floor);
    EXPECT_EQ(dataset->held_out_text(), direct->held_out_text());
    EXPECT_EQ(dataset->samples(1, 0, 100, kSequence), direct->samples(1, 0, 100, kSequence));
    EXPECT_EQ(json["vocabulary"], direct->vocabulary());
    EXPECT_EQ(json["tokenizer"], direct->tokenizer_name());
    EXPECT_EQ(json["tokenizer_hash"], direct->tokenizer_hash());
    EXPECT_EQ(nlohmann::json::parse(std::ifstream(folder / "tokens.json")), json);
  }
}

TEST_F(DatasetTest, AFolderThatHoldsOtherTokensIsNotOverwritten) {
  const fs::path folder = folder_ / "prepared";
  const std::string first = prepare_tokens(text_of(5, 2000), folder);
  EXPECT_EQ(prepare_tokens(text_of(5, 2000), folder), first);
  EXPECT_THROW(prepare_tokens(text_of(6, 2000), folder), InputError);
}

TEST_F(DatasetTest, AFolderThatIsMissingOrMixedIsRefused) {
  DataSpec prepared;
  prepared.kind = DataKind::Tokens;
  prepared.files = {(folder_ / "nowhere").string()};
  EXPECT_NE(refusal(prepared).find("nowhere"), std::string::npos);
  prepare_tokens(text_of(5, 2000), folder_ / "a");
  prepare_tokens(text_of(6, 2000), folder_ / "b");
  fs::copy_file(folder_ / "b" / "tokens.json", folder_ / "a" / "tokens.json",
                fs::copy_options::overwrite_existing);
  prepared.files = {(folder_ / "a").string()};
  EXPECT_NE(refusal(prepared).find("belong together"), std::string::npos);
  std::ofstream(folder_ / "a" / "tokens.json") << "{";
  EXPECT_NE(refusal(prepared).find("tokens.json"), std::string::npos);
}

}  // namespace
}  // namespace isoloss
