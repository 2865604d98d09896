#include "harness/cli/command_line.h"

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <typeinfo>

#include "model/spec/error.h"
#include "model/spec/nearest_name.h"
#include "model/spec/number_text.h"
#include "model/spec/own_cores.h"

namespace isoloss {

namespace po = boost::program_options;

namespace {

const std::type_info& type_of(const po::parsed_options& parsed, const po::option& option) {
  const auto* known = parsed.description->find_nothrow(option.string_key, false);
  const auto* typed = known == nullptr
                          ? nullptr
                          : dynamic_cast<const po::typed_value_base*>(known->semantic().get());
  return typed == nullptr ? typeid(void) : typed->value_type();
}

// Counts as study files have them, 1e6 too, for Boost, which knows digits alone and reads -1 into
// an unsigned option as 2^64 - 1.
void write_counts_out(po::parsed_options& parsed) {
  for (po::option& option : parsed.options) {
    const std::type_info& type = type_of(parsed, option);
    const bool is_unsigned = type == typeid(std::uint64_t);
    if (!is_unsigned && type != typeid(std::int64_t) && type != typeid(int)) continue;
    for (std::string& value : option.value) {
      if (is_unsigned && value.starts_with('-'))
        throw InputError("--" + option.string_key + " is " + value +
                         " (below 0); give 0 or more, a whole number");
      if (value.find_first_of("eE.") == std::string::npos) continue;
      if (const auto count = parse_whole(value)) value = std::to_string(*count);
    }
  }
}

bool is_empty(const boost::any& value) {
  if (const auto* text = boost::any_cast<std::string>(&value)) return text->empty();
  const auto* texts = boost::any_cast<std::vector<std::string>>(&value);
  return texts != nullptr && std::ranges::find(*texts, "") != texts->end();
}

// A usage has a line for each way to call; an error has one alone.
std::string one_line(const std::string& usage) {
  std::istringstream words(usage);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace

CommandLine::CommandLine(std::string usage, std::string about, std::string example)
    : usage_(std::move(usage)), about_(std::move(about)), example_(std::move(example)) {
  options_.add_options()("help,h", "this text");
}

po::options_description_easy_init CommandLine::add() { return options_.add_options(); }

void CommandLine::positional(const std::string& name, Arity arity) {
  if (arity == Arity::Many)
    hidden_.add_options()(name.c_str(), po::value<std::vector<std::string>>());
  else
    hidden_.add_options()(name.c_str(), po::value<std::string>());
  positions_.add(name.c_str(), arity == Arity::Many ? -1 : 1);
  if (arity != Arity::Optional) required_.push_back(name);
}

bool CommandLine::parse(std::span<const std::string> arguments) {
  po::options_description all;
  all.add(options_).add(hidden_);
  try {
    const int exact = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::parsed_options parsed = po::command_line_parser({arguments.begin(), arguments.end()})
                                    .options(all)
                                    .positional(positions_)
                                    .style(exact)
                                    .run();
    write_counts_out(parsed);
    po::store(parsed, values_);
    po::notify(values_);
  } catch (const po::unknown_option& error) {
    std::vector<std::string> names;
    for (const auto& option : options_.options()) names.push_back("--" + option->long_name());
    throw InputError("'" + error.get_option_name() + "' is not an option (see " + one_line(usage_) +
                     ")" + suggestion(error.get_option_name(), names));
  } catch (const po::too_many_positional_options_error&) {
    throw InputError("too many arguments (usage: " + one_line(usage_) +
                     "); leave out what is too much");
  } catch (const po::error& error) {
    throw InputError(std::string(error.what()) + " (usage: " + one_line(usage_) + "); see --help");
  }
  if (has("help")) {
    std::cout << about_ << "\n\nusage: " << usage_ << "\n\n"
              << options_ << "\nexample: " << example_ << "\n";
    return false;
  }
  for (const std::string& name : required_)
    if (!has(name) || is_empty(values_[name].value()))
      throw InputError(name + " is missing (usage: " + one_line(usage_) +
                       "); for example: " + example_);
  for (const auto& [name, value] : values_) {
    const bool takes_one = all.find(name, false).semantic()->max_tokens() > 0;
    if (takes_one && is_empty(value.value()) && !value.defaulted() && !may_be_empty_.contains(name))
      throw InputError((hidden_.find_nothrow(name, false) == nullptr ? "--" : "") + name +
                       " is empty (a variable of the shell that is not set?); give a value, or "
                       "leave it out");
  }
  return true;
}

int threads_option(const CommandLine& line) {
  const int threads = line.get<int>("threads");
  if (threads < 1)
    throw InputError("--threads is below 1 (somebody has to compute); give 1 or more");
  if (threads > kMostThreads)
    throw InputError("--threads is " + std::to_string(threads) +
                     " (more than a machine has cores); give " + std::to_string(kMostThreads) +
                     " or fewer");
  return threads;
}

void refuse_options(const CommandLine& line, std::initializer_list<const char*> names,
                    const std::string& why) {
  for (const std::string name : names)
    if (line.given(name)) throw InputError("--" + name + " is given " + why);
}

std::vector<std::string> split_list(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace isoloss
