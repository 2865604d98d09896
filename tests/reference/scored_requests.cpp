// Requests of another tool, scored here:
//   scored_requests FOLDER ROUNDS < requests.jsonl
// reads {"context": [ids], "continuation": [ids]} a line, scores all of them ROUNDS times with the
// model of FOLDER on one thread, and writes one JSON object: log_probabilities, greedy, seconds (of
// each round), tokens_asked and tokens_read.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/models/hf_folder.h"
#include "harness/scoring/model_scorer.h"

namespace isoloss {
namespace {

std::vector<ScoreRequest> read_requests() {
  std::vector<ScoreRequest> requests;
  for (std::string line; std::getline(std::cin, line);) {
    const auto json = nlohmann::json::parse(line);
    requests.push_back({json.at("context"), json.at("continuation")});
  }
  return requests;
}

void score(const char* folder_name, int rounds) {
  const HfFolder folder(folder_name);
  const LanguageModel model = folder.model();
  const auto tokenizer = byte_tokenizer();  // requests are ids already
  ModelScorer scorer(model, *tokenizer, folder.first());
  const std::vector<ScoreRequest> requests = read_requests();
  nlohmann::json answer;
  std::vector<ContinuationScore> scores;
  for (int round = 0; round < rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    scores = scorer.score(requests);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    answer["seconds"].push_back(seconds.count());
  }
  for (const ContinuationScore& s : scores) {
    answer["log_probabilities"].push_back(s.log_probability);
    answer["greedy"].push_back(s.greedy);
  }
  answer["tokens_asked"] = scorer.tokens_asked();
  answer["tokens_read"] = scorer.tokens_read();
  std::cout << answer.dump() << "\n";
}

}  // namespace
}  // namespace isoloss

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: scored_requests FOLDER ROUNDS < requests.jsonl\n");
    return 2;
  }
  isoloss::set_intra_op_threads(1);
  isoloss::score(argv[1], std::atoi(argv[2]));
}
