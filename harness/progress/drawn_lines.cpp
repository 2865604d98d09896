#include "harness/progress/drawn_lines.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "model/spec/tell.h"

namespace isoloss {
namespace {

// 0 where standard error is no terminal or does not say.
int columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

std::string first_columns(const std::string& text, int columns) {
  if (columns < 1) return text;
  int taken = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (begins && taken++ == columns) return text.substr(0, i);
  }
  return text;
}

void DrawnLines::draw(const std::vector<std::string>& lines) {
  std::string text;
  if (drawn_ > 0) text = fmt::format("\x1b[{}A\x1b[J", drawn_);
  const int columns = columns_of_terminal();
  for (const std::string& line : lines) text += first_columns(line, columns) + "\n";
  tell_as_written(text);
  drawn_ = lines.size();
}

}  // namespace isoloss
