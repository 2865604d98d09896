#include "harness/study/rank_reporter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

RankReporter::RankReporter(const StudyFolder& folder, std::int64_t rank) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  path_ = folder.ranks() / fmt::format("{}-{}.json", host.data(), ::getpid());
  report_.rank = rank;
  idle();
}

RankReporter::~RankReporter() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void RankReporter::begin(RankReport report) {
  report.rank = report_.rank;
  report_ = std::move(report);
  tokens_ = 0;
  began_ = Clock::now();
  write();
}

void RankReporter::step(std::int64_t step, double loss, double tokens_per_step,
                        double flops_per_step) {
  report_.step = step;
  report_.loss = loss;
  report_.flops_done += flops_per_step;
  tokens_ += tokens_per_step;
  const auto now = Clock::now();
  if (now - written_ < std::chrono::milliseconds(500)) return;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  report_.tokens_per_second = tokens_ / seconds;
  report_.flops_per_second = report_.flops_done / seconds;
  write();
}

void RankReporter::idle() {
  const std::int64_t rank = report_.rank;
  report_ = {};
  report_.rank = rank;
  write();
}

void RankReporter::write() {
  written_ = Clock::now();
  // Renamed into place so that readers see it whole; not made durable, since nothing rests on it.
  const auto temporary = std::filesystem::path(path_).replace_extension(".tmp");
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << as_json(report_);
  }
  std::error_code ignored;
  std::filesystem::rename(temporary, path_, ignored);
}

}  // namespace isoloss
