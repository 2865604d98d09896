// What a check finds: a printed number, the same recomputed, and in words whether the paper
// reproduces from its own rows.
#pragma once
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/plot/html.h"
#include "analysis/published/published_rows.h"

namespace isoloss {

enum class Reproduction { Reproduces, DoesNot, CannotSay };

struct PublishedFinding {
  std::string claim;                                             // what the number is
  std::string printed;                                           // as printed
  double recomputed = std::numeric_limits<double>::quiet_NaN();  // NaN where it cannot be
  double difference = std::numeric_limits<double>::quiet_NaN();  // recomputed - printed
  Reproduction outcome = Reproduction::CannotSay;
  std::string words;  // "reproduces", "does not: ...", "cannot be recomputed: ..."
};

struct CheckResult {
  std::vector<PublishedFinding> findings;
  std::vector<Table> details;  // what a count is made of
};

// One kind of check: the keys that published.json gives it, and what computes it.
struct CheckKind {
  std::string name;
  std::vector<std::string> needs, may;  // beside kind, says and for_each
  CheckResult (*run)(const CheckInput& input);
};

std::span<const CheckKind> check_kinds();

// Every check listed under the table, for every group. InputError: an unknown kind (nearest named)
// or key, and what the kinds refuse.
CheckResult run_checks(const PublishedFolder& folder, const PublishedTable& table);

// The check's sentence for its group.
std::string claim_of(const CheckInput& input);

// Reproduces where the recomputed value rounds to the printed one, or where what the rounded rows
// allow meets what the printed number may stand for; says so, else what the rows give.
PublishedFinding judged(std::string claim, const PublishedCell& printed,
                        const RoundedValue& recomputed);
PublishedFinding cannot(std::string claim, const PublishedCell& printed, const std::string& why);

// "steps of primer_table4 is not printed" for the first empty cell; empty where all are printed.
std::string missing_input(const std::vector<PublishedCell>& cells);

// " (4.0649 to 4.2 by its rounding)"; nothing where rounding leaves nothing open.
std::string range_text(const RoundedValue& value);

}  // namespace isoloss
