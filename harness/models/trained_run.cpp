#include "harness/models/trained_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "harness/data/token_file.h"
#include "harness/files/run_storage.h"
#include "harness/models/model_fields.h"
#include "harness/training/checkpoint.h"
#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "results/study_folder.h"
#include "sweeps/study.h"

namespace isoloss {
namespace {

namespace fs = std::filesystem;

struct RunPlace {
  StudyFolder study;
  std::string id;
};

[[noreturn]] void no_such_run(const StudyFolder& study, const std::string& id) {
  const std::vector<std::string> ids = run_ids(study);
  throw InputError(fmt::format("{} has no run '{}' ({} runs are there){}", study.root.string(), id,
                               ids.size(), suggestion(id, ids)));
}

RunPlace find_run(const fs::path& given) {
  fs::path path = fs::absolute(given).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const std::string id = path.filename();
  const StudyFolder here{path};
  if (fs::is_directory(here.runs())) {
    const std::vector<std::string> ids = run_ids(here);
    if (ids.size() == 1) return {here, ids.front()};
    throw InputError(fmt::format("{} is a study of {} runs (one is wanted); name it: {}",
                                 given.string(), ids.size(),
                                 (given / (ids.empty() ? "ID" : ids.front())).string()));
  }
  const StudyFolder above{path.parent_path()};
  if (fs::is_directory(above.runs())) {
    if (!fs::is_directory(above.run(id))) no_such_run(above, id);
    return {above, id};
  }
  const StudyFolder two_above{path.parent_path().parent_path()};
  if (path.parent_path() == two_above.runs() && fs::is_directory(two_above.runs())) {
    if (!fs::is_directory(path)) no_such_run(two_above, id);
    return {two_above, id};
  }
  throw InputError(fmt::format(
      "{} is no run (a run's folder is STUDY/runs/ID; STUDY/ID names it as well); check the path",
      given.string()));
}

// The flat buffer of the table, of tensors as they are stored.
template <typename Stored>
std::vector<float> as_floats(const ParameterTable& table, const TensorSource& fill) {
  std::vector<float> values(static_cast<std::size_t>(table.buffer_size));
  std::vector<Stored> tensor;
  for (const Parameter& p : table.parameters) {
    tensor.resize(static_cast<std::size_t>(p.size()));
    fill(std::as_writable_bytes(std::span(tensor)));
    std::ranges::transform(tensor, values.begin() + p.offset,
                           [](Stored value) { return static_cast<float>(value); });
  }
  return values;
}

// The SentencePiece model of this hash in a token file of the folder.
std::optional<std::string> model_in(const fs::path& folder, const std::string& hash) {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("tokens") || !name.ends_with(".bin")) continue;
    const TokenFile file(entry.path());
    if (fmt::format("{:016x}", file.tokenizer_hash()) == hash)
      return std::string(file.tokenizer_model());
  }
  return std::nullopt;
}

// From the study's own tokens, else from the folder of tokens that its study file names.
std::string tokenizer_model(const StudyFolder& study, const RunHeader& header,
                            const std::function<void(const std::string&)>& warn) {
  if (!header.tokenizer.starts_with("unigram:") && !header.tokenizer.starts_with("model:"))
    return {};
  try {
    if (const auto model = model_in(study.data(), header.tokenizer_hash)) return *model;
    const DataSpec data = read_study(study.study_file()).base.data;
    if (data.kind == DataKind::Tokens && !data.files.empty())
      if (const auto model = model_in(data.files.front(), header.tokenizer_hash)) return *model;
  } catch (const InputError& problem) {
    warn(problem.what());
  }
  warn(fmt::format("the tokenizer {} is not exported (no token file of the study holds it)",
                   header.tokenizer));
  return {};
}

}  // namespace

TrainedModel load_trained_run(const fs::path& run,
                              const std::function<void(const std::string&)>& warn) {
  const auto [study, id] = find_run(run);
  const auto record = load_usable_run(study, id, warn);
  if (!record)
    throw InputError(
        fmt::format("run {} of {} has neither run file nor journal (nothing was "
                    "trained); run the study",
                    id, study.root.string()));
  const auto checkpoint = load_checkpoint(study.run(id), id, warn);
  if (!checkpoint)
    throw InputError(fmt::format(
        "run {} has no checkpoint ({}); {}", id,
        record->state == RunState::Diverged ? "it diverged, and such weights are not kept"
                                            : "its weights were removed, or it has none yet",
        record->state == RunState::Diverged ? "take another run" : "run the study again"));
  const auto spec = nlohmann::ordered_json::parse(record->header.spec_json, nullptr, false);
  TrainedModel model;
  model.spec =
      model_of_fields(spec.value("model", nlohmann::ordered_json()), study.run_file(id).string());
  const ParameterTable table = parameter_table(model.spec);
  const TensorSource tensors = checkpoint->tensors(table, nullptr);
  model.weights = checkpoint->head().element_bytes == sizeof(double)
                      ? as_floats<double>(table, tensors)
                      : as_floats<float>(table, tensors);
  model.run = id;
  model.step = checkpoint->head().step;
  model.tokenizer = record->header.tokenizer;
  model.tokenizer_model = tokenizer_model(study, record->header, warn);
  return model;
}

}  // namespace isoloss
