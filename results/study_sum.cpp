#include "results/study_sum.h"

#include <fmt/format.h>

#include "results/file_seal.h"

namespace isoloss {
namespace {

constexpr std::string_view kBegins = "# XXH3-64 of the lines before this one: ";

std::string sum_line(std::string_view text) {
  return fmt::format("{}{:016x}\n", kBegins, checksum(text));
}

// Where the line begins, also where what stands before it is damaged; the text's end where there is
// none.
std::size_t line_at(std::string_view text) {
  const std::size_t begin = text.rfind(kBegins);
  const bool last = begin != std::string_view::npos && text.find('\n', begin) >= text.size() - 1;
  return last ? begin : text.size();
}

}  // namespace

std::string with_study_sum(std::string_view text) {
  std::string plain(text.substr(0, line_at(text)));
  if (!plain.empty() && plain.back() != '\n') plain += '\n';
  return plain + sum_line(plain);
}

bool study_sum_fits(std::string_view text) {
  const std::size_t line = line_at(text);
  return line == text.size() || text.substr(line) == sum_line(text.substr(0, line));
}

}  // namespace isoloss
