// A one-shot task as data: how an item becomes a prompt, what is compared and how it is scored. A
// card is one small YAML file, compiled in for two profiles (`gpt3`, `lmeval`) or a user's own;
// docs/scoring.md lists the keys.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/oneshot/answer_rules.h"
#include "harness/oneshot/prompt_template.h"
#include "harness/oneshot/ranking.h"

namespace isoloss {

enum class Measure {
  Right,       // the chosen one is right
  MacroF1,     // mean over labels of the F1 of choosing each
  AllAnswers,  // every pair of an item is judged right (MultiRC)
  AnswersF1,   // F1 over all pairs of "the first is chosen" (MultiRC's F1a)
  PhraseF1,    // best F1 with the golds of the phrase that the first metric chooses (ReCoRD)
  Greedy,      // a right continuation is the most likely one token for token
  Perplexity,  // exp of the mean of -log P(right continuation)
  Exact,       // the written answer equals a gold
  F1,          // the written answer's F1
  Refers       // the written answer names the noun, or doesn't, as the item says (WSC)
};

struct CardMetric {
  std::string name;  // as reported: accuracy, f1, ...
  Measure measure = Measure::Right;
  Ranking ranking = Ranking::Sum;          // of the measures that choose
  AnswerRule answers = AnswerRule::Squad;  // of Exact, F1
};

enum class Arrangement {
  AsGiven,
  Sorted,     // distinct, by code point
  PrefixFree  // sorted; those that begin with an earlier one left out
};

// How an answer is written.
struct Writing {
  int beams = 1;              // 1: greedy
  double length_penalty = 0;  // alpha of ((5 + length) / 6)^alpha
  std::int64_t most_tokens = 0;
  std::vector<std::string> stop;
};

struct TaskCard {
  std::string task;
  std::string profile;  // gpt3, lmeval, own
  std::string file;
  std::string digest;  // XXH3-64 of the file's text, 16 hexadecimal digits

  std::string data;            // name of the data set
  std::string split;           // whose items are asked
  std::string shots_from;      // whose items are shown
  bool fixed_shots = false;    // the same for all items
  std::string shots_where;     // a field that must be true of what is shown; empty: any
  bool last_of_group = false;  // only the last item of each group is asked and shown
  std::string items_of;        // a list field: each element is an item of its own; empty: none

  std::string preamble;         // once, before what is shown
  std::string between;          // after each worked example
  std::string delimiter;        // between context and answer; scored with the answer
  std::string shown_delimiter;  // the same in worked examples
  std::string answer_context;   // what the unconditional score follows; empty: none is taken
  PromptTemplate context;
  PromptTemplate choice;  // one answer's text; sees {choice}

  // What is compared: a list field, or labels (value of the gold field, text shown); neither: the
  // one answer.
  std::string choices;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string each_of;  // a list field: labels are compared for each element, which is seen first
  Arrangement arrangement = Arrangement::AsGiven;
  std::string gold;       // field: an index into choices, a label's value, or a list of right texts
  PromptTemplate answer;  // the right answer of tasks without choices
  std::string golds;      // list field: accepted answers
  std::string unanswerable;  // the answer where `golds` is empty; empty: then the item is at fault

  std::optional<Writing> writing;
  bool refuse_long =
      false;  // a prompt longer than the model reads is an error, not cut at the left
  std::optional<double> chance;  // absent: from the items (metrics.h, chance_score)
  std::vector<CardMetric> metrics;

  bool has_choices() const { return !choices.empty() || !labels.empty(); }
};

// A card from its text; `file` names it in messages. InputError with file, line and key: unknown
// keys, rules, filters; keys that are missing or don't go together.
TaskCard parse_card(const std::string& text, const std::string& file, const std::string& task,
                    const std::string& profile);

// Every *.yaml of a folder, in order of names; InputError where there is none.
std::vector<std::filesystem::path> card_files(const std::filesystem::path& folder);
// The card of a user's own that lies there, of profile `own`: its task is the file's stem.
TaskCard read_card(const std::filesystem::path& file);
// Both: all cards of a folder, or the InputError of the first that cannot be read.
std::vector<TaskCard> cards_in(const std::filesystem::path& folder);

// The compiled-in cards of a profile, in order of names; InputError naming the profiles for another
// name.
std::vector<TaskCard> built_in_cards(const std::string& profile);

}  // namespace isoloss
