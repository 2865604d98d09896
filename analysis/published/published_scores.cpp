#include "analysis/published/published_scores.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "analysis/numbers/statistics.h"
#include "results/csv.h"

namespace isoloss {
namespace {

const std::map<std::string, std::string> kPapersNames{{"anli_r1", "ANLI-R1"},
                                                      {"anli_r2", "ANLI-R2"},
                                                      {"anli_r3", "ANLI-R3"},
                                                      {"arc_challenge", "ARC-c"},
                                                      {"arc_easy", "ARC-e"},
                                                      {"boolq", "BoolQ"},
                                                      {"cb", "CB"},
                                                      {"copa", "COPA"},
                                                      {"coqa", "CoQA"},
                                                      {"drop", "DROP"},
                                                      {"hellaswag", "HellaSwag"},
                                                      {"lambada", "LAMBADA"},
                                                      {"multirc", "MultiRC"},
                                                      {"naturalqs", "NQs"},
                                                      {"openbookqa", "OpenBookQA"},
                                                      {"piqa", "PIQA"},
                                                      {"quac", "QuAC"},
                                                      {"race_high", "RACE-h"},
                                                      {"race_middle", "RACE-m"},
                                                      {"record", "ReCoRD"},
                                                      {"rte", "RTE"},
                                                      {"squadv2", "SQuADv2"},
                                                      {"storycloze", "StoryCloze"},
                                                      {"triviaqa", "TriviaQA"},
                                                      {"webqs", "WebQs"},
                                                      {"wic", "WiC"},
                                                      {"winograd", "Winograd"},
                                                      {"winogrande", "WinoGrande"},
                                                      {"wsc", "WSC"}};

constexpr double kTransformerFlops = 2.96e22;  // Primer, section 4.4
constexpr double kGpt3Tokens = 300e9;          // GPT-3, table D.1

// Training FLOPs by the model's name in the tables.
const std::map<std::string, double> kPrimerFlops{{"transformer", kTransformerFlops},
                                                 {"transformer at a third", kTransformerFlops / 3},
                                                 {"primer", kTransformerFlops},
                                                 {"primer at a third", kTransformerFlops / 3}};
const std::map<std::string, double> kGpt3Flops{
    {"Small", 6 * 125e6 * kGpt3Tokens}, {"Medium", 6 * 356e6 * kGpt3Tokens},
    {"Large", 6 * 760e6 * kGpt3Tokens}, {"XL", 6 * 1320e6 * kGpt3Tokens},
    {"2.7B", 6 * 2650e6 * kGpt3Tokens}, {"6.7B", 6 * 6660e6 * kGpt3Tokens},
    {"13B", 6 * 12850e6 * kGpt3Tokens}, {"175B", 6 * 174600e6 * kGpt3Tokens}};

// The papers' names of what a card calls its metric: answers that match exactly are acc or EM.
std::set<std::string> papers_metrics(const std::string& metric) {
  if (metric == "accuracy" || metric == "exact_match") return {"acc", "EM"};
  if (metric == "f1") return {"f1", "F1"};
  return {};
}

double number_in(const std::string& field) {
  double value = kNone;
  std::from_chars(field.data(), field.data() + field.size(), value);
  return value;
}

// Rows of one table for a task and metric, as maps from column to field.
std::vector<std::map<std::string, std::string>> rows_for(std::string_view text,
                                                         const std::string& task,
                                                         const std::set<std::string>& metrics) {
  std::istringstream in{std::string(text)};
  const CsvTable table = read_csv(in, "published scores");
  std::vector<std::map<std::string, std::string>> rows;
  for (const CsvRow& row : table.rows) {
    std::map<std::string, std::string> fields;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      fields[table.columns[c]] = row.fields[c];
    }
    if (fields["task"] == task && metrics.contains(fields["metric"])) {
      rows.push_back(std::move(fields));
    }
  }
  return rows;
}

}  // namespace

std::string published_task(const std::string& task) {
  const auto at = kPapersNames.find(task);
  return at == kPapersNames.end() ? "" : at->second;
}

std::vector<PublishedScore> published_scores(const std::string& task, const std::string& metric) {
  std::vector<PublishedScore> out;
  const std::string name = published_task(task);
  const std::set<std::string> metrics = papers_metrics(metric);
  if (name.empty() || metrics.empty()) return out;
  for (auto& row : rows_for(kPrimerTable6, name, metrics)) {
    const auto flops = kPrimerFlops.find(row["model"]);
    if (flops == kPrimerFlops.end()) continue;  // GPT-3 XL: the row of GPT-3's own table
    out.push_back({row["model"], "Primer, table 6", flops->second, number_in(row["score"]) / 100,
                   number_in(row["deviation"]) / 100});
  }
  for (auto& row : rows_for(kGpt3TableH1, name, metrics)) {
    const auto flops = kGpt3Flops.find(row["model"]);
    if (row["shots"] != "1" || flops == kGpt3Flops.end()) continue;
    out.push_back({"GPT-3 " + row["model"], "GPT-3, table H.1", flops->second,
                   number_in(row["score"]) / 100, kNone});
  }
  return out;
}

}  // namespace isoloss
