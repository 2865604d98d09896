// Options of one subcommand: parsed by Boost.Program_options, --help with an example, and errors in
// the program's grammar.
#pragma once
#include <boost/program_options.hpp>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace isoloss {

class CommandLine {
 public:
  // `usage`: "isoloss fit FILE [options]"; `about`: what it does in a sentence; `example`: a line
  // that works as it stands.
  CommandLine(std::string usage, std::string about, std::string example);

  // Where options are added; --help is there already.
  boost::program_options::options_description_easy_init add();
  // A positional argument, as the usage line names it. Many takes one or more and is read as
  // std::vector<std::string>, the others as std::string.
  enum class Arity { One, Optional, Many };
  void positional(const std::string& name, Arity arity = Arity::One);

  // An option whose empty text says something.
  void may_be_empty(const std::string& name) { may_be_empty_.insert(name); }

  // Returns false where --help was asked for and printed. InputError: unknown option (nearest
  // named), wrong value (below zero where the type is std::uint64_t, an empty text), missing or
  // empty positional argument.
  bool parse(std::span<const std::string> arguments);

  bool has(const std::string& name) const { return values_.count(name) > 0; }
  // Whether the command line says it, rather than a default.
  bool given(const std::string& name) const { return has(name) && !values_[name].defaulted(); }
  template <typename T>
  T get(const std::string& name) const {
    return values_.at(name).as<T>();
  }

 private:
  std::string usage_, about_, example_;
  boost::program_options::options_description options_{"options"};
  boost::program_options::options_description hidden_;
  boost::program_options::positional_options_description positions_;
  std::vector<std::string> required_;
  std::set<std::string> may_be_empty_;
  boost::program_options::variables_map values_;
};

// The value of --threads. InputError: below 1, or more than kMostThreads.
int threads_option(const CommandLine& line);

// InputError where one of these options is given: "--NAME is given WHY".
void refuse_options(const CommandLine& line, std::initializer_list<const char*> names,
                    const std::string& why);

// The parts of a value whose parts stand between commas.
std::vector<std::string> split_list(const std::string& list);

}  // namespace isoloss
