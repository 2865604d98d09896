// `isoloss catalogue`: the named architectures at a named size, and the switches they are made of.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cli/command_line.h"
#include "harness/cli/commands.h"
#include "harness/cli/print_json.h"
#include "model/cost/flops.h"
#include "model/cost/work_list.h"
#include "model/spec/catalogue.h"
#include "model/spec/parameters.h"
#include "model/spec/spec_fields.h"

namespace isoloss {
namespace {

using Json = nlohmann::ordered_json;

Json as_object(const std::vector<std::pair<std::string, double>>& values) {
  Json json;
  for (const auto& [name, value] : values) json[name] = value;
  return json;
}

const CatalogueEntry& entry_of(const ModelSpec& spec) {
  return *std::find_if(
      architectures().begin(), architectures().end(),
      [&](const CatalogueEntry& entry) { return entry.name == spec.architecture; });
}

Json as_json(const ModelSpec& spec) {
  const ParameterCounts counts = count_parameters(spec);
  Json switches = Json::object();
  for (const auto& [field, value] : entry_of(spec).overrides) switches[field] = value;
  Json fields;
  for (const SpecField& field : spec_fields()) fields[field.name] = field.get(resolved(spec));
  return {{"architecture", spec.architecture},
          {"size", spec.size},
          {"meaning", entry_of(spec).meaning},
          {"switches", switches},
          {"fields", fields},
          {"parameters",
           {{"total", counts.total},
            {"embedding", counts.embedding},
            {"non_embedding", counts.non_embedding},
            {"activated", counts.activated}}},
          {"flops_per_token", as_object(by_convention(flops_per_token(spec)))},
          {"exact_flops_per_token_by_part", as_object(by_part(spec))}};
}

void print_table(const std::vector<ModelSpec>& specs) {
  fmt::print("{:<18} {:<9} {:>13} {:>12} {:>11} {:>11}  {}\n", "architecture", "size", "parameters",
             "non-embed.", "FLOPs/token", "6N",
             "% projection, convolution, attention, feed-forward, head");
  for (const ModelSpec& spec : specs) {
    const ParameterCounts counts = count_parameters(spec);
    const FlopsPerToken flops = flops_per_token(spec);
    fmt::print("{:<18} {:<9} {:>11.3f} M {:>10.3f} M {:>11.4g} {:>11.4g} ", spec.architecture,
               spec.size, static_cast<double>(counts.total) / 1e6,
               static_cast<double>(counts.non_embedding) / 1e6, flops.exact, flops.six_n);
    for (const auto& [part, of_part] : by_part(spec))
      fmt::print(" {:>5.{}f}", 100 * of_part / flops.exact, part == "convolution" ? 2 : 1);
    fmt::print("\n");
  }
  fmt::print("\n");
  for (const ModelSpec& spec : specs) {
    const CatalogueEntry& entry = entry_of(spec);
    fmt::print("{:<18} {}\n", entry.name, entry.meaning);
    std::string switches;
    for (const auto& [field, value] : entry.overrides)
      switches += fmt::format("{}{}: {}", switches.empty() ? "" : ", ", field, value);
    if (!switches.empty()) fmt::print("{:<18} {}\n", "", switches);
  }
}

// The meaning, and the values where there are others than true and false.
std::string described(const SpecField& field) {
  if (field.choices.empty() || field.choices == std::vector<std::string>{"true", "false"})
    return field.meaning;
  return fmt::format("{} ({})", field.meaning, fmt::join(field.choices, ", "));
}

void print_details(const ModelSpec& spec) {
  const ModelSpec frame;
  fmt::print("\nfields, as a study file may override them (*: not T5's default):\n");
  for (const SpecField& field : spec_fields())
    fmt::print("{} {:<22} {:<17} {}\n", field.get(spec) == field.get(frame) ? ' ' : '*', field.name,
               field.get(spec), described(field));
  fmt::print("\nforward multiply-adds of one sequence of {} tokens:\n", spec.sequence);
  for (const Product& product : work_list(spec))
    fmt::print("  {:<22} {:>6} x {:>6} x {:>6}  times {:>5}  {:>12.4g}\n", product.part, product.m,
               product.n, product.k, product.times, product.multiply_adds());
  fmt::print("\ntraining FLOPs of a token, exact: ");
  for (const auto& [part, flops] : by_part(spec)) fmt::print(" {} {:.4g}", part, flops);
  fmt::print("\nby convention: ");
  for (const auto& [name, flops] : by_convention(flops_per_token(spec)))
    fmt::print(" {} {:.4g}", name, flops);
  fmt::print("\n");
}

void print_switches(bool json) {
  const ModelSpec frame;
  Json list = Json::array();
  if (!json) fmt::print("{:<22} {:<14} {}\n", "field", "default", "meaning");
  for (const SpecField& field : spec_fields()) {
    if (json)
      list.push_back({{"field", field.name},
                      {"default", field.get(frame)},
                      {"meaning", field.meaning},
                      {"choices", field.choices}});
    else
      fmt::print("{:<22} {:<14} {}\n", field.name, field.get(frame), described(field));
  }
  if (json) print_json(Json{{"switches", list}});
}

}  // namespace

int catalogue_command(Arguments arguments) {
  CommandLine line("isoloss catalogue [NAME] [--size SIZE] [--switches] [--json]",
                   "Lists the named architectures with parameters and training FLOPs per token.",
                   "isoloss catalogue primer --size t5-medium");
  std::string known;
  for (const CatalogueEntry& size : sizes()) known += (known.empty() ? "" : ", ") + size.name;
  line.add()("size", boost::program_options::value<std::string>()->default_value("t5-small"),
             known.c_str())("switches",
                            "every field of a model, its default, its meaning and values")(
      "json", "one JSON object on standard output");
  line.positional("NAME", CommandLine::Arity::Optional);
  if (!line.parse(arguments)) return 0;
  if (line.has("switches")) {
    print_switches(line.has("json"));
    return 0;
  }

  const std::string name = line.has("NAME") ? line.get<std::string>("NAME") : "";
  const std::string size = line.get<std::string>("size");
  std::vector<ModelSpec> specs;
  for (const CatalogueEntry& entry : architectures())
    if (name.empty() || entry.name == name)
      specs.push_back(with_size(named_architecture(entry.name), size));
  if (specs.empty()) specs.push_back(named_architecture(name));  // says which names there are

  if (line.has("json")) {
    Json list = Json::array();
    for (const ModelSpec& spec : specs) list.push_back(as_json(spec));
    print_json(Json{{"architectures", list}});
    return 0;
  }
  print_table(specs);
  if (!name.empty()) print_details(specs.front());
  return 0;
}

}  // namespace isoloss
