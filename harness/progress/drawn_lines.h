// Lines drawn over themselves on the terminal behind standard error, as progress is shown. Each is
// cut to the terminal's width: one that wraps would be two when it is drawn over.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace isoloss {

// The first `columns` characters of UTF-8 text, a column each; all of it where columns is below 1.
std::string first_columns(const std::string& text, int columns);

class DrawnLines {
 public:
  // In place of what was drawn before; the cursor stands below them.
  void draw(const std::vector<std::string>& lines);
  // Nothing is left of them.
  void wipe() { draw({}); }

 private:
  std::size_t drawn_ = 0;
};

}  // namespace isoloss
