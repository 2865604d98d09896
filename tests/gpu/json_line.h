// One JSON object a line: what tools/gpu_check reads, whole up to the line at which a program
// was stopped.
#pragma once
#include <cmath>
#include <cstdio>
#include <string>

namespace isoloss {

class JsonLine {
 public:
  explicit JsonLine(const std::string& kind) { add("kind", kind); }

  JsonLine& add(const char* name, const std::string& text) {
    begin(name) += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') line_ += '\\';
      line_ += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    line_ += '"';
    return *this;
  }
  JsonLine& add(const char* name, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    begin(name) += std::isfinite(value) ? text : "null";
    return *this;
  }
  JsonLine& flag(const char* name, bool value) {
    begin(name) += value ? "true" : "false";
    return *this;
  }
  void print() const {
    std::printf("{%s}\n", line_.c_str());
    std::fflush(stdout);
  }

 private:
  std::string& begin(const char* name) {
    if (!line_.empty()) line_ += ", ";
    return line_.append("\"").append(name).append("\": ");
  }

  std::string line_;
};

}  // namespace isoloss
