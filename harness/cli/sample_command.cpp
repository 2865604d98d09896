// `isoloss sample`: what a model writes after a prompt.
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "harness/models/named_model.h"
#include "harness/scoring/model_input.h"
#include "harness/scoring/sampling.h"
#include "model/spec/error.h"
#include "model/spec/tell.h"

namespace isoloss {
namespace {

SamplingOptions sampling_options(const CommandLine& line) {
  const SamplingOptions options{line.get<double>("temperature"), line.get<std::int64_t>("top-k"),
                                line.get<std::uint64_t>("seed")};
  if (!std::isfinite(options.temperature) || options.temperature < 0)
    throw InputError(fmt::format(
        "--temperature is {} (0 takes the likeliest token, 1 draws as the model says); give 0 or "
        "more",
        options.temperature));
  if (options.top_k < 0)
    throw InputError(
        fmt::format("--top-k is {} (how many tokens to draw among); give 1 or more, "
                    "or 0 for all",
                    options.top_k));
  return options;
}

}  // namespace

int sample_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss sample MODEL --prompt TEXT [--tokens N] [--temperature T] [--seed S]",
      "Shows what a model writes after a prompt. MODEL is a run (its folder, STUDY/ID, "
      "or a study's folder with one run) or hf:FOLDER. The same seed gives the same "
      "text. A text longer than the model's sequence is written with the last of it in view.",
      "isoloss sample hf:model --prompt \"It was the best of times\" --tokens 64");
  line.add()("prompt", po::value<std::string>(), "text to go on from")(
      "tokens", po::value<std::int64_t>()->default_value(64), "to write")(
      "temperature", po::value<double>()->default_value(1),
      "of the draw; 0: always the likeliest token")(
      "top-k", po::value<std::int64_t>()->default_value(0), "draw among so many; 0: among all")(
      "seed", po::value<std::uint64_t>()->default_value(0), "of the draws")(
      "threads", po::value<int>()->default_value(1), "of this process")(
      "json", "one JSON object on standard output");
  line.positional("MODEL");
  line.may_be_empty("prompt");
  if (!line.parse(arguments)) return 0;
  if (!line.has("prompt"))
    throw InputError("--prompt is missing (the text to go on from); give --prompt TEXT");
  const SamplingOptions options = sampling_options(line);
  const auto tokens = line.get<std::int64_t>("tokens");
  if (tokens < 1)
    throw InputError(
        fmt::format("--tokens is {} (how many to write after the prompt); give 1 or more", tokens));
  set_intra_op_threads(threads_option(line));

  const NamedModel named = load_named_model(line.get<std::string>("MODEL"), tell);
  const auto prompt = line.get<std::string>("prompt");
  std::vector<std::int32_t> all = named.tokenizer->encode(prompt);
  const ModelInput input = prompt_input(all, tokens, named.first, named.model.spec().sequence);
  if (input.truncated_tokens > 0)
    tell(fmt::format("the prompt's first {} tokens are left out (the model reads {})",
                     input.truncated_tokens, named.model.spec().sequence));
  const auto written =
      sampled_tokens(named.model, input.ids, tokens, options, named.first.always ? 1 : 0);
  // Decoded together: a tokenizer may join what stands on both sides.
  all.insert(all.end(), written.begin(), written.end());
  const std::string text = named.tokenizer->decode(all);
  if (line.has("json"))
    print_json(nlohmann::ordered_json{{"prompt", prompt},
                                      {"text", text},
                                      {"written", static_cast<std::int64_t>(written.size())}});
  else
    fmt::print("{}\n", text);
  return 0;
}

}  // namespace isoloss
