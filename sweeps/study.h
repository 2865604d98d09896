// A study file, read and checked: what the YAML says, as data, with the lines it stands on so that
// later checks can name them. docs/format.md, "The study file", lists every key.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sweeps/run_spec.h"
#include "sweeps/study_published.h"

namespace isoloss {

enum class BudgetUnit { Flops, Tokens, TokensPerParameter };
const char* name_of(BudgetUnit unit);  // flops, tokens, tokens_per_parameter

struct Budget {
  BudgetUnit unit = BudgetUnit::Flops;
  double value = 0;
};

// Field names and values in YAML's own text; a spec or an optimizer field.
using FieldValues = std::vector<std::pair<std::string, std::string>>;

struct ArchitectureEntry {
  std::string name;
  std::string base;  // a name of the catalogue
  FieldValues overrides;
  int line = 0;
};

struct SizeEntry {
  std::string name;
  bool from_catalogue = false;
  FieldValues overrides;
  int line = 0;
};

struct PlainAxis {  // any spec or optimizer field, learning_rate as a list among them
  std::string field;
  std::vector<std::string> values;
  int line = 0;
};

struct RateSearch {
  std::vector<double> rates;        // ascending
  std::optional<Budget> decide_at;  // absent: at each budget
  std::optional<std::string> size;  // absent: per size
  int line = 0;
};

// Of include and exclude: axis (architecture, size, seed, budget or a plain axis) -> values.
struct Selection {
  std::map<std::string, std::vector<std::string>> values;
  int line = 0;
};

struct Grid {
  std::vector<ArchitectureEntry> architectures;
  std::vector<SizeEntry> sizes;
  std::vector<PlainAxis> axes;
  BudgetUnit unit = BudgetUnit::Flops;
  std::vector<double> budgets;  // ascending
  int budget_line = 0;
  std::optional<RateSearch> search;
  std::vector<std::uint64_t> seeds;  // the first one searches learning rates
  std::vector<Selection> include;
  std::vector<Selection> exclude;
};

struct Study {
  std::string name;
  std::filesystem::path file;
  RunSpec base;                      // data, evaluation and the section `run`; model and optimizer
                                     // hold defaults until the grid fills them (grid.h)
  std::int64_t vocabulary = 0;       // follows the tokenizer, or the synthetic symbols
  FieldValues model;                 // the section `model`
  FieldValues optimizer;             // the section `optimizer`, warmup_tokens among it
  std::map<std::string, int> lines;  // "optimizer.batch_tokens" -> line
  Grid grid;
  std::vector<PublishedCost> published;
  std::string device = "auto";        // auto, cpu or cuda
  std::int64_t ranks_per_device = 1;  // of GPUs, at most
  std::optional<double> time_limit_seconds;
};

// Reads and checks a study file and the data it names. Every fault is an InputError
// "FILE:LINE: key: problem (why); what to do". Text patterns are looked up from the working folder
// first, then upwards from the folder of the study file.
Study read_study(const std::filesystem::path& file);

// The name a study file gives itself; absent where the file cannot be read or has none.
std::optional<std::string> study_name(const std::filesystem::path& file);

// Names that evaluate.tasks may hold where the data are text: tasks made from held-out text.
const std::vector<std::string>& text_task_names();
// Those of them that a study of text has unless it says otherwise.
const std::vector<std::string>& default_text_task_names();
// The one task of a synthetic language.
inline constexpr const char* kSymbolOrderTask = "symbol-order";

}  // namespace isoloss
