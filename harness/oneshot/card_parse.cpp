#include <fmt/format.h>

#include <algorithm>

#include "harness/oneshot/card_keys.h"
#include "harness/oneshot/task_card.h"
#include "model/spec/nearest_name.h"
#include "model/yaml/yaml_view.h"
#include "results/file_seal.h"

namespace isoloss {
namespace {

const std::vector<std::string> kCardKeys = {
    "data",           "split",     "shots_from",      "shots",
    "shots_where",    "items",     "items_of",        "preamble",
    "context",        "choices",   "each_of",         "arrange",
    "choice",         "gold",      "answer",          "golds",
    "unanswerable",   "delimiter", "shown_delimiter", "between",
    "answer_context", "write",     "too_long",        "chance",
    "metrics"};

const std::vector<std::string> kWriteKeys = {"beams", "length_penalty", "most_tokens", "stop"};

std::string place_of_value(const YamlView& view) {
  return fmt::format("{}:{}: {}", view.file(), view.line(), view.key());
}

// One of the words, by its place.
std::size_t word_of(const YamlView& view, const std::vector<std::string>& words) {
  const auto found = std::find(words.begin(), words.end(), view.text());
  if (found == words.end())
    view.fail("unknown word '" + view.text() + "' (no such name)" + suggestion(view.text(), words));
  return static_cast<std::size_t>(found - words.begin());
}

class CardReader {
 public:
  CardReader(const YamlView& file, TaskCard card)
      : map_(file.map(kCardKeys)), card_(std::move(card)) {}

  TaskCard read() {
    card_.data = need("data", "name the data set").text();
    card_.split = need("split", "name the split that is asked").text();
    card_.shots_from = need("shots_from", "name the split of what is shown").text();
    if (const auto* key = map_.find("shots"))
      card_.fixed_shots = word_of(*key, {"fresh", "fixed"}) == 1;
    if (const auto* key = map_.find("items"))
      card_.last_of_group = word_of(*key, {"all", "last_of_group"}) == 1;
    card_.shots_where = text_or("shots_where", "");
    card_.items_of = text_or("items_of", "");
    card_.preamble = text_or("preamble", "");
    card_.between = text_or("between", "\n\n");
    card_.delimiter = text_or("delimiter", " ");
    card_.shown_delimiter = text_or("shown_delimiter", card_.delimiter);
    card_.answer_context = text_or("answer_context", "");
    card_.context = made(need("context", "write the prompt's template"));
    card_.unanswerable = text_or("unanswerable", "");
    card_.golds = text_or("golds", "");
    card_.gold = text_or("gold", "");
    card_.each_of = text_or("each_of", "");
    if (const auto* key = map_.find("too_long"))
      card_.refuse_long = word_of(*key, {"cut_left", "refuse"}) == 1;
    read_choices();
    read_writing();
    read_metrics();
    read_chance();
    check();
    return std::move(card_);
  }

 private:
  const YamlView& need(const std::string& key, const std::string& what) const {
    if (const YamlView* value = map_.find(key)) return *value;
    fail_at(map_.view().file(), map_.view().line(), key, "missing (every card has it); " + what);
  }

  std::string text_or(const std::string& key, const std::string& otherwise) const {
    const YamlView* value = map_.find(key);
    return value ? value->text_or_empty() : otherwise;
  }

  static PromptTemplate made(const YamlView& view) {
    return PromptTemplate(view.text(), place_of_value(view));
  }

  void read_choices() {
    if (const auto* key = map_.find("choices")) {
      if (key->is_map()) {
        const YamlMap labels = key->map();
        for (const auto& [value, label] : labels.entries())
          card_.labels.emplace_back(value, label.text());
      } else {
        card_.choices = key->text();
      }
    }
    if (const auto* key = map_.find("arrange"))
      card_.arrangement =
          Arrangement{static_cast<int>(word_of(*key, {"as_given", "sorted", "prefix_free"}))};
    const auto* choice = map_.find("choice");
    card_.choice =
        choice ? made(*choice) : PromptTemplate("{choice}", place_of_value(map_.view()) + "choice");
    if (const auto* key = map_.find("answer")) card_.answer = made(*key);
  }

  void read_writing() {
    const auto* key = map_.find("write");
    if (!key) return;
    const YamlMap map = key->map(kWriteKeys);
    Writing writing;
    if (const auto* beams = map.find("beams"))
      writing.beams = static_cast<int>(beams->positive_whole());
    if (const auto* penalty = map.find("length_penalty"))
      writing.length_penalty = penalty->number();
    const auto* most = map.find("most_tokens");
    const auto* stop = map.find("stop");
    if (!most || !stop) key->fail("most_tokens or stop is missing (an answer must end); give both");
    writing.most_tokens = most->positive_whole();
    for (const YamlView& text : stop->list()) writing.stop.push_back(text.text());
    card_.writing = writing;
  }

  void read_metrics() {
    const YamlView& view = need("metrics", "write them like {accuracy: right per_token}");
    const YamlMap metrics = view.map();
    for (const auto& [name, value] : metrics.entries())
      card_.metrics.push_back(parse_card_metric(name, value));
    if (card_.metrics.empty()) view.fail("no metric (the map is empty); give at least one");
    const CardMetric& first = card_.metrics.front();
    if (!is_item_mean(first.measure) || first.measure == Measure::PhraseF1)
      view.fail("'" + first.name +
                "' comes first (the task's own figure is the mean of its items'); put a mean "
                "such as 'right' before it");
    for (const CardMetric& metric : card_.metrics) {
      if ((ranks(metric.measure) || metric.measure == Measure::PhraseF1) && !card_.has_choices())
        view.fail("'" + metric.name + "' compares choices (the card has none); give choices");
      if (metric.measure == Measure::PhraseF1 && card_.golds.empty())
        view.fail("'" + metric.name +
                  "' compares with golds (the card has none); name their field");
      if (reads_writing(metric.measure) && !card_.writing)
        view.fail("'" + metric.name + "' reads a written answer (the card has no write); give it");
      if (ranks(metric.measure) && metric.ranking == Ranking::AnswerContext &&
          card_.answer_context.empty())
        view.fail("'" + metric.name +
                  "' divides by the answer context (the card has none); give "
                  "answer_context");
      const bool pairs =
          metric.measure == Measure::AllAnswers || metric.measure == Measure::AnswersF1;
      if (pairs != !card_.each_of.empty())
        view.fail("'" + metric.name +
                  "' and each_of don't go together (pairs are judged by "
                  "all_answers and answers_f1); change one");
    }
  }

  void read_chance() {
    const YamlView& chance = need("chance", "give a share, or 'choices' for 1 of as many");
    if (chance.text() == "choices") {
      if (!card_.has_choices())
        chance.fail("'choices' without choices (nothing is compared); give a number");
    } else if (chance.text() == "never_named") {
      if (card_.metrics.front().measure != Measure::Refers)
        chance.fail(
            "'never_named' is for the measure refers (the first metric is another); give a "
            "number");
    } else {
      card_.chance = chance.number();
    }
  }

  void check() const {
    const YamlView& view = map_.view();
    if (!card_.choices.empty() + !card_.labels.empty() + !card_.answer.empty() != 1)
      view.fail("choices and answer don't go together (an item has one of them); give one");
    if (card_.has_choices() && card_.gold.empty())
      view.fail("gold is missing (it says which choice is right); name its field");
    if (!card_.each_of.empty() && card_.labels.size() != 2)
      view.fail("each_of without two labels (pairs are compared); give choices as a map of two");
    if (!card_.unanswerable.empty() && card_.golds.empty())
      view.fail("unanswerable without golds (it is for an empty list); name the field of golds");
  }

  YamlMap map_;
  TaskCard card_;
};

}  // namespace

TaskCard parse_card(const std::string& text, const std::string& file, const std::string& task,
                    const std::string& profile) {
  const FileKind kind{"task card", "a card needs data, context and metrics",
                      "harness/oneshot/cards/gpt3/piqa.yaml"};
  TaskCard card;
  card.task = task;
  card.profile = profile;
  card.file = file;
  card.digest = fmt::format("{:016x}", checksum(text));
  return CardReader(YamlView::parse(text, file, kind), std::move(card)).read();
}

}  // namespace isoloss
