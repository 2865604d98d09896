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
    {"right", Measure::Right},
    {"macro_f1", Measure::MacroF1},
    {"all_answers", Measure::AllAnswers},
    {"answers_f1", Measure::AnswersF1},
    {"phrase_f1", Measure::PhraseF1},
    {"greedy", Measure::Greedy},
    {"perplexity", Measure::Perplexity},
    {"exact", Measure::Exact},
    {"f1", Measure::F1},
    {"refers", Measure::Refers},
};

constexpr NamedValue<Ranking> kRankings[] = {
    {"per_token", Ranking::PerToken},
    {"answer_context", Ranking::AnswerContext},
    {"sum", Ranking::Sum},
    {"per_character", Ranking::PerCharacter},
    {"per_byte", Ranking::PerByte},
};

constexpr NamedValue<AnswerRule> kAnswerRules[] = {
    {"squad", AnswerRule::Squad}, {"squad_abstain", AnswerRule::SquadAbstain},
    {"coqa", AnswerRule::Coqa},   {"coqa_distinct", AnswerRule::CoqaDistinct},
    {"quac", AnswerRule::Quac},   {"drop", AnswerRule::Drop},
    {"plain", AnswerRule::Plain}, {"plain_articles", AnswerRule::PlainArticles},
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
  return measure == Measure::Exact || measure == Measure::F1 || measure == Measure::Refers;
}

bool is_item_mean(Measure measure) {
  return measure != Measure::Perplexity && measure != Measure::MacroF1 &&
         measure != Measure::AnswersF1;
}

bool ranks(Measure measure) {
  return measure == Measure::Right || measure == Measure::MacroF1 ||
         measure == Measure::AllAnswers || measure == Measure::AnswersF1;
}

CardMetric parse_card_metric(const std::string& name, const YamlView& value) {
  const std::vector<std::string> words = blank_separated(value.text());
  CardMetric metric;
  metric.name = name;
  metric.measure = value_named(kMeasures, words.at(0), "measure", value);
  const bool by_answers = metric.measure == Measure::Exact || metric.measure == Measure::F1;
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
