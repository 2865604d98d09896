#include "harness/cli/prepare_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numeric>

#include "harness/cli/command_line.h"
#include "harness/data/document_forms.h"
#include "harness/data/token_file.h"
#include "harness/data/tokenizer.h"
#include "harness/models/hf_folder.h"
#include "harness/oneshot/datasets/task_data_file.h"
#include "harness/oneshot/overlap.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

// bytes, a SentencePiece .model file, a folder of transformers, or tokens that were prepared with a
// tokenizer.
void name_tokenizer(const std::string& text, TaskData& data) {
  if (text == "bytes") {
    data.tokenizer = text;
    data.tokenizer_hash = tokenizer_hash("");
    return;
  }
  if (text.ends_with(".model")) {
    const std::string model = read_file(text);
    foreign_tokenizer(model, text);  // for its checks
    data.tokenizer_hash = tokenizer_hash(model);
    data.tokenizer = fmt::format("model:{:016x}", data.tokenizer_hash);
    return;
  }
  if (text.starts_with("hf:")) {
    const auto identity = HfFolder(text.substr(3)).tokenizer_identity();
    if (!identity)
      throw InputError(fmt::format(
          "--tokenizer is '{}' (no tokenizer that isoloss reads lies there); put its own beside "
          "config.json",
          text));
    data.tokenizer = identity->name;
    data.tokenizer_hash = identity->hash;
    return;
  }
  const fs::path tokens = fs::is_directory(text) ? fs::path(text) / "tokens.bin" : fs::path(text);
  if (!fs::exists(tokens))
    throw InputError(fmt::format(
        "--tokenizer is '{}' (no tokenizer, and no tokens lie there); give bytes, FILE.model, "
        "hf:FOLDER, or a folder of isoloss data prepare",
        text));
  const TokenFile file(tokens);
  data.tokenizer = file.tokenizer();
  data.tokenizer_hash = file.tokenizer_hash();
}

// Reads the data sets that are there. One that cannot be read does not keep the others from it;
// returns how many those are.
int read_data_sets(const fs::path& folder, std::size_t most_shots, TaskData& data) {
  int failed = 0;
  for (const PublicDataSet& set : public_data_sets()) {
    try {
      auto found = read_public_data(folder, set, most_shots);
      if (!found) {
        data.missing.push_back(set.name);
        fmt::print("missing  {:<14} {}\n", set.name, why_missing(folder, set));
        continue;
      }
      fmt::print("read     {:<14} {} items, {}; {}\n", set.name, found->items.size(),
                 found->shots.empty()
                     ? std::string("shots from the items themselves")
                     : fmt::format("{} of {} shots", found->shots.size(), found->shots_there),
                 set.licence);
      for (const std::string& warning : found->warnings)
        tell_as_written(fmt::format("warning: {}\n", warning));
      data.sets.push_back({set.name, set.evaluated.split, set.shots.split, set.licence,
                           std::move(found->files), std::move(found->warnings),
                           std::move(found->items), std::move(found->shots)});
    } catch (const InputError& error) {
      ++failed;
      data.missing.push_back(set.name);
      tell_as_written(fmt::format("error: {}: {}\n", set.name, error.what()));
    }
  }
  return failed;
}

// Another file of that name would be lost: the training text, a device.
void check_output(const fs::path& out) {
  if (!fs::exists(out) || (fs::is_regular_file(out) && begins_as_task_data(out))) return;
  throw InputError(
      fmt::format("{}: something else is there (no task data file, which would be replaced); name "
                  "another --out",
                  out.string()));
}

// Marks evaluated items whose text stands in the training text.
void mark_contaminated(const std::vector<std::string>& training, TaskData& data) {
  std::vector<std::vector<std::string>> texts;
  for (const TaskDataSet& set : data.sets)
    for (const DataItem& item : set.items) texts.push_back(item_texts(item));
  OverlapSearch search(texts);
  for (const std::string& name : training) {
    const std::vector<std::string> files = corpus_files(name);
    if (files.empty())
      throw InputError(name + ": no such text (no file matches); check the path of --training");
    for (const std::string& file : files)
      for_each_document(file, {}, [&](const Document& document) { search.read(document.text); });
  }
  const std::vector<bool> found = search.found();
  std::size_t at = 0;
  for (TaskDataSet& set : data.sets) {
    std::size_t count = 0;
    for (DataItem& item : set.items) {
      item["contaminated"] = bool{found[at]};
      count += found[at++] ? 1 : 0;
    }
    fmt::print("overlap  {:<14} {} of {} items share {} words in a row with the training text\n",
               set.name, count, set.items.size(), kOverlapWords);
  }
}

}  // namespace

int prepare_tasks(Arguments arguments) {
  CommandLine line(
      "isoloss data prepare-tasks DIR --out FILE [options]",
      "Reads the public data sets that lie in DIR, a folder each, in their publishers' form, as "
      "JSON lines or as parquet, and writes one task data file for eval.",
      "isoloss data prepare-tasks downloads --tokenizer tokens --out tasks.bin");
  line.add()("out", po::value<std::string>(), "file to write")(
      "tokenizer", po::value<std::string>()->default_value("bytes"),
      "of the models: bytes, a SentencePiece FILE.model, hf:FOLDER, or a folder of prepared "
      "tokens")("shots", po::value<std::int64_t>()->default_value(4096),
                "training items kept of each data set to draw shots from; 0 for all")(
      "training", po::value<std::vector<std::string>>()->multitoken(),
      "training text: items that share 13 words in a row with it are marked");
  line.positional("DIR");
  if (!line.parse(arguments)) return 0;
  if (!line.has("out")) throw InputError("--out is missing (the file to write); name one");
  const fs::path folder = line.get<std::string>("DIR");
  if (!fs::is_directory(folder))
    throw InputError(
        fmt::format("{} is no folder (the data sets lie in one, a folder each); check the path",
                    folder.string()));
  const std::int64_t shots = line.get<std::int64_t>("shots");
  if (shots < 0)
    throw InputError(fmt::format("--shots is {} (too few); give 0 for all, or how many", shots));
  const std::string out = line.get<std::string>("out");
  check_output(out);
  TaskData data;
  name_tokenizer(line.get<std::string>("tokenizer"), data);
  const int failed = read_data_sets(
      folder,
      shots == 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(shots), data);
  if (data.sets.empty())
    throw InputError(
        fmt::format("{} holds no data set that could be read (see above); put each in "
                    "a folder of its name, as docs/scoring.md lists them",
                    folder.string()));
  if (line.has("training")) mark_contaminated(line.get<std::vector<std::string>>("training"), data);
  write_task_data(out, data);
  const std::size_t items = std::accumulate(
      data.sets.begin(), data.sets.end(), std::size_t{0},
      [](std::size_t sum, const TaskDataSet& set) { return sum + set.items.size(); });
  fmt::print("{}: {} items of {} data sets, {} missing, for tokenizer {} ({:016x})\n", out, items,
             data.sets.size(), data.missing.size(), data.tokenizer, data.tokenizer_hash);
  if (failed > 0)
    throw InputError(
        fmt::format("{} of the data sets could not be read (see above); mend them and "
                    "run again, or go on with {}",
                    failed, out));
  return 0;
}

}  // namespace isoloss
