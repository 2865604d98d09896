#include "harness/cli/eval_study_text.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "analysis/points/points.h"
#include "harness/cli/eval_request.h"
#include "harness/cli/eval_text.h"
#include "harness/cli/loss_listing.h"
#include "harness/cli/print_json.h"
#include "harness/data/document_forms.h"
#include "harness/data/tokenizer.h"
#include "harness/models/named_model.h"
#include "harness/study/study_outcome.h"
#include "harness/training/text_loss.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

// A text as a study holds texts out: documents by the form that the file's name says.
class ScoredText {
 public:
  explicit ScoredText(const std::string& path) {
    for_each_document(path, {}, [&](const Document& document) {
      bytes_ += document.text.size();
      documents_.push_back(document.text);
    });
  }

  std::size_t bytes() const { return bytes_; }
  // By the tokenizer of the study, which all of its models have.
  const std::vector<std::int32_t>& tokens(const Tokenizer& tokenizer) {
    if (!tokens_.empty()) return tokens_;
    std::vector<std::int32_t> tokens;
    for (const std::string& document : documents_) {
      const std::vector<std::int32_t> ids = document_ids(tokenizer, document);
      tokens.insert(tokens.end(), ids.begin(), ids.end());
    }
    return tokens_ = std::move(tokens);
  }
  // As held-out hashes of points: equal only where the losses are of the same tokens.
  std::string hash() const {
    return fmt::format("{:016x}", XXH3_64bits(tokens_.data(), tokens_.size() * sizeof(tokens_[0])));
  }

 private:
  std::vector<std::string> documents_;
  std::size_t bytes_ = 0;
  std::vector<std::int32_t> tokens_;
};

// A run whose loss on the text is wanted, and its last point.
struct RunToScore {
  EvalCandidate candidate;
  Point* point;
};

// In the order of the points; where the last evaluation of a run is no result, it is none.
std::vector<RunToScore> results_of(const StudyFolder& folder, PointTable& table) {
  std::vector<RunToScore> runs;
  for (EvalCandidate& candidate : finished_runs(folder)) {
    const std::string id = fs::path(candidate.name).filename().string();
    const auto last =
        std::ranges::find(table.points.rbegin(), table.points.rend(), id, &Point::run);
    if (last != table.points.rend() && last->flops == candidate.flops)
      runs.push_back({std::move(candidate), &*last});
  }
  return runs;
}

// What a user may take for the whole study.
void tell_of_the_rest(const PointTable& table, std::size_t scored) {
  if (const std::size_t rest = table.points.size() - scored; rest > 0)
    tell(fmt::format(
        "{} of {} points of the study are not scored (their runs went on to a larger budget or are "
        "not finished, and weights are kept of a finished run's end alone); with schedule cosine "
        "or wsd each budget has its own",
        rest, table.points.size()));
}

TextLoss loss_of_run(const EvalCandidate& candidate, ScoredText& text) {
  const NamedModel named = load_named_model(candidate.name, tell);
  require_step(candidate, named.step);
  return text_loss(named.model, text.tokens(*named.tokenizer), named.model.spec().sequence,
                   named.first.id);
}

json row_of(const RunToScore& run, const TextLoss& loss) {
  return {{"trial", run.candidate.trial},
          {"architecture", run.point->architecture},
          {"size", run.point->size},
          {"seed", run.point->seed},
          {"flops", run.point->flops},
          {"tokens", loss.tokens},
          {"loss", loss.loss},
          {"standard_error", standard_error_json(loss)},
          {"bits_per_byte", run.point->bits_per_byte}};
}

}  // namespace

int eval_study_text(const CommandLine& line) {
  refuse_task_options(line);
  const auto path = line.get<std::string>("text");
  const StudyFolder folder{line.get<std::string>("DIR")};
  ScoredText text(path);
  PointTable table = read_points_folder(folder.root, "exact", false);
  const std::vector<RunToScore> runs = results_of(folder, table);
  tell_of_the_rest(table, runs.size());
  PointTable scored;
  scored.tokenizer_hash = table.tokenizer_hash;
  scored.other_columns = {"evaluation"};
  json rows = json::array();
  for (const RunToScore& run : runs) {
    try {
      const TextLoss loss = loss_of_run(run.candidate, text);
      run.point->loss = loss.loss;
      run.point->bits_per_byte = bits_per_byte(loss, text.bytes());
      run.point->other = {fs::path(path).filename().string()};
      scored.points.push_back(*run.point);
      rows.push_back(row_of(run, loss));
      if (!line.has("json") && !line.has("csv"))
        fmt::print("{} {} seed {} at {:.3g} FLOPs: {}\n", run.point->architecture, run.point->size,
                   run.point->seed, run.point->flops, loss_text(loss, text.bytes()));
    } catch (const InputError& error) {
      tell(error.what());
    }
  }
  scored.held_out_hash = text.hash();
  if (line.has("csv")) write_points_csv(std::cout, scored);
  if (line.has("json")) print_json(json{{"text", path}, {"losses", rows}});
  return scored.points.size() == runs.size() ? kExitDone : kExitFailed;
}

}  // namespace isoloss
