// `isoloss catalogue`: the named architectures at a named size.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "model/cost/flops.h"
#include "model/cost/work_list.h"
#include "model/spec/catalogue.h"
#include "model/spec/parameters.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

nlohmann::ordered_json as_json(const ModelSpec& spec) {
  const ParameterCounts counts = count_parameters(spec);
  nlohmann::ordered_json flops;
  for (const auto& [name, value] : by_convention(flops_per_token(spec))) flops[name] = value;
  return {{"architecture", spec.architecture},
          {"size", spec.size},
          {"parameters",
           {{"total", counts.total},
            {"embedding", counts.embedding},
            {"non_embedding", counts.non_embedding},
            {"activated", counts.activated}}},
          {"flops_per_token", flops}};
}

void print_table(const std::vector<ModelSpec>& specs) {
  fmt::print("{:<15} {:<10} {:>12} {:>12} {:>14} {:>14}\n", "architecture", "size", "parameters",
             "non-embed.", "FLOPs/token", "6N");
  for (const ModelSpec& spec : specs) {
    const ParameterCounts counts = count_parameters(spec);
    const FlopsPerToken flops = flops_per_token(spec);
    fmt::print("{:<15} {:<10} {:>10.3f} M {:>10.3f} M {:>14.4g} {:>14.4g}\n", spec.architecture,
               spec.size, static_cast<double>(counts.total) / 1e6,
               static_cast<double>(counts.non_embedding) / 1e6, flops.exact, flops.six_n);
  }
  fmt::print("\n");
  for (const CatalogueEntry& entry : architectures()) {
    const bool shown = std::any_of(specs.begin(), specs.end(), [&](const ModelSpec& spec) {
      return spec.architecture == entry.name;
    });
    if (shown) fmt::print("{:<15} {}\n", entry.name, entry.meaning);
  }
}

void print_details(const ModelSpec& spec) {
  fmt::print("\nfields, as a study file may override them:\n");
  for (const SpecField& field : spec_fields())
    fmt::print("  {:<22} {:<14} {}\n", field.name, field.get(spec), field.meaning);
  fmt::print("\nforward multiply-adds of one sequence of {} tokens:\n", spec.sequence);
  for (const Product& product : work_list(spec))
    fmt::print("  {:<22} {:>6} x {:>6} x {:>6}  times {:>5}  {:>12.4g}\n", product.part, product.m,
               product.n, product.k, product.times, product.multiply_adds());
}

}  // namespace

int catalogue_command(Arguments arguments) {
  CommandLine line("isoloss catalogue [NAME] [--size SIZE] [--json]",
                   "Lists the named architectures with parameters and training FLOPs per token.",
                   "isoloss catalogue primer --size t5-medium");
  line.add()("size", boost::program_options::value<std::string>()->default_value("t5-small"),
             "t5-small, t5-medium, t5-large or gpt3-xl")("json",
                                                         "one JSON object on standard output");
  line.positional("NAME", CommandLine::Arity::Optional);
  if (!line.parse(arguments)) return 0;

  const std::string name = line.has("NAME") ? line.get<std::string>("NAME") : "";
  std::vector<ModelSpec> specs;
  if (!name.empty())
    specs.push_back(with_size(named_architecture(name), line.get<std::string>("size")));
  else
    for (const CatalogueEntry& entry : architectures())
      specs.push_back(with_size(named_architecture(entry.name), line.get<std::string>("size")));

  if (line.has("json")) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const ModelSpec& spec : specs) list.push_back(as_json(spec));
    fmt::print("{}\n", nlohmann::ordered_json{{"architectures", list}}.dump());
    return 0;
  }
  print_table(specs);
  if (!name.empty()) print_details(specs.front());
  return 0;
}

}  // namespace isoloss
