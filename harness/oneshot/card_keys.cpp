#include "harness/oneshot/card_keys.h"

#include <fmt/format.h>

#include "harness/oneshot/unicode_text.h"
#include "model/spec/nearest_name.h"

namespace isoloss {
namespace {

template <class Value>
struct NamedValue {
  const char* name;
  Value value;
};

constexpr NamedValue<Measure> kMeasures[] = {
    {"right", Measure::kRight},
    {"macro_f1", Measure::kMacroF1},
    {"all_answers", Measure::kAllAnswers},
    {"answers_f1", Measure::kAnswersF1},
    {"phrase_f1", Measure::kPhraseF1},
    {"greedy", Measure::kGreedy},
    {"perplexity", Measure::kPerplexity},
    {"exact", Measure::kExact},
    {"f1", Measure::kF1},
    {"refers", Measure::kRefers},
};

constexpr NamedValue<Ranking> kRankings[] = {
    {"per_token", Ranking::kPerToken},
    {"answer_context", Ranking::kAnswerContext},
    {"sum", Ranking::kSum},
    {"per_character", Ranking::kPerCharacter},
    {"per_byte", Ranking::kPerByte},
};

constexpr NamedValue<AnswerRule> kAnswerRules[] = {
    {"squad", AnswerRule::kSquad}, {"squad_abstain", AnswerRule::kSquadAbstain},
    {"coqa", AnswerRule::kCoqa},   {"coqa_distinct", AnswerRule::kCoqaDistinct},
    {"quac", AnswerRule::kQuac},   {"drop", AnswerRule::kDrop},
    {"plain", AnswerRule::kPlain}, {"plain_articles", AnswerRule::kPlainArticles},
};

template <class Value, std::size_t N>
Value value_named(const NamedValue<Value> (&table)[N], const std::string& word, const char* kind,
                  const YamlView& view) {
  std::vector<std::string> known;
  for (const auto& entry : table) {
    if (entry.name == word) return entry.value;
    known.emplace_back(entry.name);
  }
  view.fail(fmt::format("unknown {} '{}' (no such name)", kind, word) + suggestion(word, known));
}

}  // namespace

bool reads_writing(Measure measure) {
  return measure == Measure::kExact || measure == Measure::kF1 || measure == Measure::kRefers;
}

bool is_item_mean(Measure measure) {
  return measure != Measure::kPerplexity && measure != Measure::kMacroF1 &&
         measure != Measure::kAnswersF1;
}

bool ranks(Measure measure) {
  return measure == Measure::kRight || measure == Measure::kMacroF1 ||
         measure == Measure::kAllAnswers || measure == Measure::kAnswersF1;
}

CardMetric parse_card_metric(const std::string& name, const YamlView& value) {
  const std::vector<std::string> words = blank_separated(value.text());
  CardMetric metric;
  metric.name = name;
  metric.measure = value_named(kMeasures, words.at(0), "measure", value);
  const bool by_answers = metric.measure == Measure::kExact || metric.measure == Measure::kF1;
  const std::size_t wanted = by_answers || ranks(metric.measure) ? 2 : 1;
  if (words.size() != wanted)
    value.fail(
        fmt::format("'{}' has {} words (measure '{}' takes {} rule); write it like "
                    "'right per_token', 'f1 squad' or 'greedy'",
                    value.text(), words.size(), words[0], wanted == 2 ? "one" : "no"));
  if (by_answers)
    metric.answers = value_named(kAnswerRules, words[1], "answer rule", value);
  else if (wanted == 2)
    metric.ranking = value_named(kRankings, words[1], "ranking rule", value);
  return metric;
}

}  // namespace isoloss
