#include "harness/cli/certificate_text.h"

#include <fmt/format.h>

#include <cstdio>

#include "harness/progress/progress_text.h"

namespace isoloss {

std::string certificate_text(const LawCertificate& certificate, CertificateEffort effort) {
  std::string text =
      certificate.lower_bound > 0 || certificate.reached
          ? fmt::format(
                "global search: nothing within the bounds has an objective below {:.10g} "
                "({:.2g} % less), by {} cells of exponents",
                certificate.lower_bound, 100 * certificate.relative_gap, certificate.cells)
          : fmt::format(
                "global search: {} cells of exponents do not bound the objective from below",
                certificate.cells);
  if (!certificate.reached && effort == CertificateEffort::Quick) {
    text += fmt::format("; --certify full goes on to {:.2g} %", 100 * certificate.aim);
  }
  return text + "\n";
}

CertificateLine::CertificateLine() : begun_(std::chrono::steady_clock::now()), last_(begun_) {}

CertificateLine::~CertificateLine() { line_.wipe(); }

void CertificateLine::operator()(const CertificateProgress& progress) {
  if (progress.ended) return line_.wipe();
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::seconds(1)) return;
  last_ = now;
  line_.draw({fmt::format("global search: within {:.3g} % after {} cells  {}",
                          100 * progress.relative_gap, progress.cells,
                          duration_text(std::chrono::duration<double>(now - begun_).count()))});
}

}  // namespace isoloss
