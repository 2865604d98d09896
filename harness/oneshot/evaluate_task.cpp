#include "harness/oneshot/evaluate_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "harness/oneshot/item_prompt.h"
#include "harness/oneshot/metrics.h"
#include "harness/oneshot/shots.h"
#include "harness/oneshot/token_boundary.h"
#include "harness/oneshot/unicode_text.h"
#include "model/spec/error.h"
#include "model/spec/utf8_text.h"

namespace isoloss {
namespace {

using nlohmann::json;

// Items asked in one call of the model: enough to batch, few enough that their tokens fit memory.
constexpr std::size_t kItemsAtOnce = 512;

// Requests of some items, and the rows and items their answers belong to.
class Asked {
 public:
  Asked(const TaskCard& card, Scorer& scorer, TaskScores& scores)
      : card_(card), scorer_(scorer), scores_(scores), cuts_first_(card.profile == "lmeval") {}

  void add(const json& item, const ItemPrompt& prompt) {
    const auto index = std::ssize(scores_.items);
    TaskItem& kept = scores_.items.emplace_back();
    kept.id = item.at("id").get<std::string>();
    kept.cluster = item.at("group").get<std::string>();
    kept.golds = prompt.golds;
    kept.contaminated = item.value("contaminated", false);
    for (std::size_t k = 0; k < prompt.choices.size(); ++k) {
      const PromptChoice& choice = prompt.choices[k];
      ChoiceRow& row = scores_.rows.emplace_back();
      row.item = index;
      row.choice = static_cast<std::int64_t>(k);
      row.gold = choice.gold;
      const auto [context, continuation] = moved_blanks(choice.context, choice.continuation);
      row.bytes = std::ssize(continuation);
      row.code_points = count_code_points(choice.text);
      requests_.push_back(checked_request(item, context, continuation));
      row.tokens = std::ssize(requests_.back().continuation);
      phrases_.push_back(choice.phrase);
      if (!card_.answer_context.empty())
        unconditional_.push_back(checked_request(item, card_.answer_context, choice.continuation));
    }
    if (card_.writing) {
      const Writing& writing = *card_.writing;
      if (writing.most_tokens >= scorer_.longest())
        fail_item(
            card_, item,
            fmt::format("its answer may take {} tokens (write.most_tokens; the model reads {} "
                        "at once, at least one of them before what it writes); ask for fewer "
                        "in a card of your own or take a model with a longer context",
                        writing.most_tokens, scorer_.longest()));
      GenerationRequest& request = writings_.emplace_back();
      request.context = scorer_.encode(prompt.prompt);
      request.most_tokens = writing.most_tokens;
      request.stop = writing.stop;
      request.beams = writing.beams;
      request.length_penalty = writing.length_penalty;
      request.cuts_first = cuts_first_;
    }
  }

  // Asks and writes the answers into the rows and items added.
  void answer() {
    const std::vector<ContinuationScore> scored = scorer_.score(requests_);
    const std::vector<ContinuationScore> alone =
        unconditional_.empty() ? std::vector<ContinuationScore>{} : scorer_.score(unconditional_);
    const std::size_t first_row = scores_.rows.size() - scored.size();
    for (std::size_t i = 0; i < scored.size(); ++i) {
      ChoiceRow& row = scores_.rows[first_row + i];
      row.log_probability = scored[i].log_probability;
      row.greedy = scored[i].greedy;
      if (!alone.empty()) row.unconditional = alone[i].log_probability;
      TaskItem& item = scores_.items[static_cast<std::size_t>(row.item)];
      item.truncated_tokens = std::max(item.truncated_tokens, scored[i].truncated_tokens);
    }
    if (!card_.writing && !card_.golds.empty()) keep_phrases(first_row);
    if (writings_.empty()) return;
    const std::vector<Generation> written = scorer_.generate(writings_);
    const std::size_t first_item = scores_.items.size() - written.size();
    for (std::size_t i = 0; i < written.size(); ++i) {
      TaskItem& item = scores_.items[first_item + i];
      item.generated = well_formed(written[i].text);
      item.truncated_tokens = std::max(item.truncated_tokens, written[i].truncated_tokens);
    }
  }

 private:
  ScoreRequest checked_request(const json& item, const std::string& context,
                               const std::string& continuation) {
    ScoreRequest request =
        divided_request(context_tokens(context), scorer_.encode(context + continuation));
    request.cuts_first = cuts_first_;
    const auto answer = std::ssize(request.continuation);
    const auto all = answer + std::ssize(request.context);
    if (answer == 0)
      fail_item(card_, item,
                fmt::format("the answer '{}' has no token of its own (the tokenizer merges it with "
                            "what comes before); mend the item or the card's delimiter",
                            continuation));
    if (answer > scorer_.longest() || (card_.refuse_long && all > scorer_.longest()))
      fail_item(card_, item,
                fmt::format("{} is {} tokens long (the model reads {}); leave the item out or take "
                            "a model with a longer context",
                            answer > scorer_.longest() ? "an answer" : "the prompt",
                            answer > scorer_.longest() ? answer : all, scorer_.longest()));
    return request;
  }

  // Most choices of an item share a long context, which is encoded once.
  const std::vector<std::int32_t>& context_tokens(const std::string& context) {
    auto& [text, tokens] = encoded_[context == card_.answer_context];
    if (text != context) {
      text = context;
      tokens = scorer_.encode(context);
    }
    return tokens;
  }

  // The phrase that the first metric chooses, as the item's answer.
  void keep_phrases(std::size_t first_row) {
    for (std::size_t from = first_row; from < scores_.rows.size();) {
      const std::int64_t item = scores_.rows[from].item;
      std::size_t to = from;
      while (to < scores_.rows.size() && scores_.rows[to].item == item) ++to;
      const std::vector<double> shares =
          chosen_shares(card_.metrics.front().ranking, Ties::Lowest,
                        std::span<const ChoiceRow>(scores_.rows).subspan(from, to - from));
      const auto chosen = std::max_element(shares.begin(), shares.end()) - shares.begin();
      scores_.items[static_cast<std::size_t>(item)].generated =
          phrases_[from - first_row + static_cast<std::size_t>(chosen)];
      from = to;
    }
  }

  const TaskCard& card_;
  Scorer& scorer_;
  TaskScores& scores_;
  bool cuts_first_;  // huggingface.py of lm-evaluation-harness cuts prompts without regard to it
  std::vector<ScoreRequest> requests_;
  std::vector<ScoreRequest> unconditional_;
  std::vector<GenerationRequest> writings_;
  std::vector<std::string> phrases_;  // one a request
  std::array<std::pair<std::optional<std::string>, std::vector<std::int32_t>>, 2> encoded_;
};

}  // namespace

TaskScores evaluate_task(const TaskCard& card, const EvaluationItems& data, Scorer& scorer,
                         const EvaluationOptions& options) {
  if (data.items.empty())
    throw InputError(
        fmt::format("{}: task {}: no items (split '{}' of '{}' is empty or missing); "
                    "prepare the data set",
                    card.file, card.task, card.split, card.data));
  const std::vector<json> items = asked_items(card, data.items);
  const std::vector<json> shown =
      options.shots > 0 ? asked_items(card, data.shown) : std::vector<json>{};
  const ShotPool pool(card, shown);

  TaskScores scores;
  scores.task = card.task;
  scores.profile = card.profile;
  scores.shots = options.shots;
  scores.suite_seed = static_cast<std::int64_t>(options.suite_seed);
  scores.card_digest = card.digest;
  scores.data_digest = data.digest;
  scores.overlap_searched =
      std::ranges::all_of(items, [](const json& item) { return item.contains("contaminated"); });
  for (std::size_t from = 0; from < items.size(); from += kItemsAtOnce) {
    Asked asked(card, scorer, scores);
    for (std::size_t i = from; i < std::min(items.size(), from + kItemsAtOnce); ++i)
      asked.add(items[i], item_prompt(card, items[i],
                                      pool.drawn(options.suite_seed, items[i], options.shots)));
    asked.answer();
  }

  compute_metrics(card, scores);
  return scores;
}

}  // namespace isoloss
