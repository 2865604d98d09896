// `isoloss predict`: what a stored fit says of a model that was not trained.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/fit/predict.h"
#include "harness/cli/calibration_text.h"
#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "model/spec/error.h"
#include "results/durable_file.h"

namespace isoloss {
namespace {

nlohmann::json read_json(const std::string& file) {
  const std::string text = read_file(file);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw InputError(fmt::format(
        "{}: not JSON (it ends or breaks at byte {}); save what `isoloss fit --json` prints", file,
        error.byte));
  }
}

void print_prediction(const Prediction& p) {
  std::vector<std::string> place;
  if (p.parameters > 0) place.push_back(fmt::format("{:.4g} parameters", p.parameters));
  if (p.tokens > 0) place.push_back(fmt::format("{:.4g} tokens", p.tokens));
  if (p.flops > 0) place.push_back(fmt::format("{:.4g} FLOPs", p.flops));
  const std::string of = p.evaluation.empty() ? "" : " on " + p.evaluation;
  fmt::print("law {}{} at {}\n", p.law, of, fmt::join(place, ", "));
  if (p.loss) {
    fmt::print("  loss {:.6g}", *p.loss);
    if (p.interval)
      fmt::print("   [{:.5g}, {:.5g}] for one run, {:g} %", p.interval->first, p.interval->second,
                 100 * p.level);
    fmt::print("\n");
  }
  const auto optimum = [&](const char* name, const std::optional<Interval>& interval) {
    if (interval)
      fmt::print("  best {} in [{:.4g}, {:.4g}], {:g} %\n", name, interval->first, interval->second,
                 100 * p.level);
  };
  optimum("size", p.optimal_parameters);
  optimum("tokens", p.optimal_tokens);
  if (p.calibration) fmt::print("{}", calibration_text(*p.calibration));
  for (const std::string& note : p.notes) fmt::print("note: {}\n", note);
  if (!p.warning.empty()) fmt::print("warning: {}\n", p.warning);
}

}  // namespace

int predict_command(Arguments arguments) {
  namespace po = boost::program_options;
  CommandLine line(
      "isoloss predict FIT.json [--parameters N] [--tokens D] | --flops C [options]",
      "The loss that a fit (what `isoloss fit --json` printed) gives a model that was not trained, "
      "with a prediction interval and how far that is from the data. Of a law of size and tokens "
      "either is enough: the other is then the best for it.",
      "isoloss predict fit.json --parameters 7e9 --tokens 1.4e11");
  line.add()("parameters", po::value<double>(), "size of the model")("tokens", po::value<double>(),
                                                                     "tokens it is trained on")(
      "flops", po::value<double>(),
      "training compute; without --parameters the size is the best for it by this law")(
      "unique-tokens", po::value<double>(), "data_constrained: tokens before any repeats")(
      "evaluation", po::value<std::string>(),
      "which evaluation set's loss, of a fit whose floors are pinned by evaluation set")(
      "level", po::value<double>()->default_value(0.95, "0.95"), "of the interval")(
      "json", "one JSON object on standard output");
  line.positional("FIT.json");
  if (!line.parse(arguments)) return 0;
  const auto given = [&](const char* name) {
    return line.has(name) ? std::optional<double>(line.get<double>(name)) : std::nullopt;
  };
  const std::string file = line.get<std::string>("FIT.json");
  const StoredFit fit = stored_fit(read_json(file), file);
  const Prediction prediction =
      predict_at(fit,
                 {given("parameters"), given("tokens"), given("flops"), given("unique-tokens"),
                  line.has("evaluation") ? line.get<std::string>("evaluation") : ""},
                 line.get<double>("level"));
  if (line.has("json"))
    print_json(to_json(prediction));
  else
    print_prediction(prediction);
  return 0;
}

}  // namespace isoloss
