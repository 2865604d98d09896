// A fit's certificate as `fit` prints it, and the line that a terminal shows while it is searched.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>

#include "analysis/solver/law_certificate.h"
#include "harness/progress/drawn_lines.h"

namespace isoloss {

// One line, ended; with what to do where the gap is wider than aimed at.
std::string certificate_text(const LawCertificate& certificate, CertificateEffort effort);

// Drawn over itself on standard error, and wiped at the search's end or its own; a search that ends
// within a second shows nothing.
class CertificateLine {
 public:
  CertificateLine();
  ~CertificateLine();
  CertificateLine(const CertificateLine&) = delete;
  CertificateLine& operator=(const CertificateLine&) = delete;
  void operator()(const CertificateProgress& progress);

 private:
  std::chrono::steady_clock::time_point begun_, last_;
  DrawnLines line_;
};

}  // namespace isoloss
