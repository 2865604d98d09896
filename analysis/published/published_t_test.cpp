// Checks of significance counts: Student's t-test of two means from their printed deviations.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "analysis/numbers/statistics.h"
#include "analysis/numbers/student_test.h"
#include "analysis/plot/table_of.h"
#include "analysis/published/published_kinds.h"
#include "model/spec/error.h"

namespace isoloss {
namespace {

enum class Side { Better, Worse, Equal, Unknown };

struct Test {
  std::string name;
  PublishedCell baseline, candidate;
  double t = 0, p = 1;
  Side side = Side::Unknown;            // Unknown: a deviation is not printed
  bool can_be[3] = {true, true, true};  // Better, Worse, Equal, for some reading of the rounding
  std::string mark;

  bool known() const { return side != Side::Unknown; }
};

struct TTestQuestion {
  std::string mean, deviation, names, mark;
  double draws = 0, level = 0.05, critical = 0;
};

// v: mean and deviation of the baseline, then of the candidate.
double t_of(std::span<const double> v, double draws) {
  return t_statistic({v[0], v[1]}, {v[2], v[3]}, draws);
}

Side side_of(double t, double critical) {
  return t > critical ? Side::Better : t < -critical ? Side::Worse : Side::Equal;
}

void decide(Test& test, std::array<RoundedValue, 4> v, const TTestQuestion& ask) {
  for (const std::size_t deviation : {1u, 3u}) v[deviation].low = std::max(v[deviation].low, 0.0);
  const std::array<double, 4> at{v[0].value, v[1].value, v[2].value, v[3].value};
  test.t = t_of(at, ask.draws);
  test.p = f_tail(test.t * test.t, 1, 2 * (ask.draws - 1));
  test.side = side_of(test.t, ask.critical);
  for (bool& possible : test.can_be) possible = false;
  test.can_be[static_cast<int>(test.side)] = true;
  for (unsigned corner = 0; corner < 16; ++corner) {
    std::array<double, 4> read{};
    for (std::size_t i = 0; i < 4; ++i) read[i] = (corner >> i) & 1 ? v[i].high : v[i].low;
    test.can_be[static_cast<int>(side_of(t_of(read, ask.draws), ask.critical))] = true;
  }
}

std::vector<Test> tests_of(const CheckInput& input, const TTestQuestion& ask) {
  const PublishedTable& table = *input.table;
  const std::string& place = input.spec.place;
  // Rows of the one side, in the table's order.
  const auto rows_of = [&](const char* side) {
    nlohmann::json filter = nlohmann::json::object();
    for (const char* key : {"where", "without"}) {
      if (input.spec.has(key)) filter[key] = input.spec.object->at(key);
    }
    const Spec who = spec_object(input.spec, side);
    for (const auto& item : who.object->items()) filter["where"][item.key()] = item.value();
    return matching_rows(input, {&filter, who.place});
  };
  const std::size_t names = published_column(table, ask.names, place);
  const auto baselines = rows_of("baseline");
  std::vector<Test> out;
  for (const CsvRow* candidate : rows_of("candidate")) {
    const CsvRow* baseline = nullptr;
    for (const CsvRow* row : baselines) {
      if (row->fields[names] != candidate->fields[names]) continue;
      if (baseline != nullptr) {
        throw InputError(
            fmt::format("{}: two rows of the baseline for '{}' (lines {} and {}; a test "
                        "needs one); add conditions in 'where'",
                        place, row->fields[names], baseline->line, row->line));
      }
      baseline = row;
    }
    if (baseline == nullptr) continue;
    Test test;
    test.name = candidate->fields[names];
    test.baseline = field_of(table, *baseline, ask.mean, place);
    test.candidate = field_of(table, *candidate, ask.mean, place);
    const PublishedCell of_baseline = field_of(table, *baseline, ask.deviation, place);
    const PublishedCell of_candidate = field_of(table, *candidate, ask.deviation, place);
    if (!ask.mark.empty()) test.mark = candidate->fields[published_column(table, ask.mark, place)];
    if (test.baseline.value && test.candidate.value && of_baseline.value && of_candidate.value) {
      decide(test,
             {*test.baseline.value, *of_baseline.value, *test.candidate.value, *of_candidate.value},
             ask);
    }
    out.push_back(std::move(test));
  }
  return out;
}

constexpr const char* kSides[3] = {"better", "worse", "equal"};

// Sets the count of one side beside the printed one.
PublishedFinding counted(const std::string& claim, const PublishedCell& printed,
                         const std::vector<Test>& tests, Side side) {
  int count = 0, at_least = 0, at_most = 0, unknown = 0;
  for (const Test& test : tests) {
    const bool possible = test.can_be[static_cast<int>(side)];
    const int readings = test.can_be[0] + test.can_be[1] + test.can_be[2];
    count += test.side == side;
    at_least += possible && readings == 1;
    at_most += possible;
    unknown += !test.known();
  }
  PublishedFinding out = judged(
      claim, printed,
      {static_cast<double>(count), static_cast<double>(at_least), static_cast<double>(at_most)});
  if (!printed.value) return out;
  const std::string basis =
      unknown == 0
          ? fmt::format("the printed deviations give {}", count)
          : fmt::format("the {} of {} tasks whose deviations are here give {}",
                        tests.size() - static_cast<std::size_t>(unknown), tests.size(), count);
  const std::string range = fmt::format(
      "{} to {} with what rounding and missing deviations leave open", at_least, at_most);
  if (out.outcome == Reproduction::DoesNot) {
    out.words = fmt::format("does not: {}, {}", basis, range);
  } else if (unknown > 0) {
    out.outcome = Reproduction::CannotSay;
    out.words = fmt::format("cannot be recomputed: {}, {}", basis, range);
  }
  return out;
}

// The paper's own marks beside the tests, task by task.
PublishedFinding marks_compared(const std::string& claim, const std::vector<Test>& tests) {
  std::string differing;
  int known = 0, agree = 0;
  for (const Test& test : tests) {
    if (!test.known()) continue;
    ++known;
    const std::string side = kSides[static_cast<int>(test.side)];
    if (side == (test.mark.empty() ? "equal" : test.mark)) {
      ++agree;
      continue;
    }
    differing += fmt::format("{}{} ({}, t {:.2f})", differing.empty() ? "" : ", ", test.name,
                             test.mark.empty() ? "not marked" : "marked " + test.mark, test.t);
  }
  PublishedFinding out{claim,
                       fmt::format("{} of {}", known, known),
                       static_cast<double>(agree),
                       static_cast<double>(agree - known),
                       Reproduction::Reproduces,
                       "reproduces"};
  if (agree == known) return out;
  out.outcome = Reproduction::DoesNot;
  out.words = fmt::format("does not: {} of {} marks are those of the test; not {}", agree, known,
                          differing);
  return out;
}

Table details(const CheckInput& input, const std::vector<Test>& tests, const TTestQuestion& ask) {
  TableOf<Test> table("t_test",
                      fmt::format("{}: two-sided t-test of independent means, {} draws each, level "
                                  "{}. Empty: no deviation here.",
                                  claim_of(input), ask.draws, ask.level));
  table.words("task", "task", &Test::name);
  table.cells({"baseline", "baseline"},
              [](const Test& test) { return text_cell(test.baseline.text); });
  table.cells({"candidate", "candidate"},
              [](const Test& test) { return text_cell(test.candidate.text); });
  table.fixed("t", "t", 2, [](const Test& test) { return test.known() ? test.t : kNone; });
  table.fixed("p", "p", 4, [](const Test& test) { return test.known() ? test.p : kNone; });
  table.words("test", "test says", [](const Test& test) {
    return test.known() ? kSides[static_cast<int>(test.side)] : "";
  });
  table.words("rounding", "rounding decides", [](const Test& test) {
    return test.known() && test.can_be[0] + test.can_be[1] + test.can_be[2] > 1 ? "yes" : "";
  });
  if (!ask.mark.empty()) table.words("mark", "paper marks", &Test::mark);
  for (const Test& test : tests) table.add(test);
  return table.take();
}

}  // namespace

CheckResult check_t_test(const CheckInput& input) {
  const Spec& spec = input.spec;
  TTestQuestion ask{spec_string(spec, "mean"),  spec_string(spec, "deviation"),
                    spec_string(spec, "names"), spec_string(spec, "mark", ""),
                    spec_real(spec, "draws"),   spec_real(spec, "level", 0.05)};
  if (!(ask.draws >= 2) || !(ask.level > 0 && ask.level < 1)) {
    throw InputError(
        fmt::format("{}: draws {} and level {} (a test needs two draws or more and a "
                    "level between 0 and 1); give those of the paper",
                    spec.place, ask.draws, ask.level));
  }
  ask.critical = student_factor(2 * (ask.draws - 1), 1 - ask.level);
  const std::vector<Test> tests = tests_of(input, ask);
  if (tests.empty()) {
    throw InputError(
        fmt::format("{}: no row of the baseline matches one of the candidate (by {}); "
                    "mend 'baseline' and 'candidate'",
                    spec.place, ask.names));
  }
  const Spec printed = spec_object(spec, "printed");
  const std::array<std::string, 3> sides{kSides[0], kSides[1], kSides[2]};
  check_keys(printed, sides, {});
  CheckResult out;
  for (int side = 0; side < 3; ++side) {
    out.findings.push_back(counted(fmt::format("{}: {}", claim_of(input), kSides[side]),
                                   read_cell(input, spec_object(printed, kSides[side])), tests,
                                   static_cast<Side>(side)));
  }
  if (!ask.mark.empty()) {
    out.findings.push_back(marks_compared(claim_of(input) + ": marks of single tasks", tests));
  }
  out.details.push_back(details(input, tests, ask));
  return out;
}

}  // namespace isoloss
