#include "results/quiet_folder.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>

#include "model/spec/error.h"
#include "results/checkpoint_names.h"
#include "results/durable_file.h"
#include "results/findings.h"
#include "results/helper_claims.h"
#include "results/rank_claims.h"

namespace isoloss {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kLookEvery{100};

[[noreturn]] void refuse(const StudyFolder& folder, const std::string& who) {
  throw WorkError("cannot work on " + folder.root.string() + " while it is trained (" + who +
                  "); stop that first, for example by `touch " + folder.stop_file().string() +
                  "`, and remove the stop file when all are gone");
}

struct WatchedClaim {
  fs::path path;
  std::string text;
};

struct WatchedTemporary {
  fs::path path;
  std::uintmax_t size = 0;
  fs::file_time_type written;

  bool operator==(const WatchedTemporary&) const = default;
};

WatchedTemporary seen_now(const fs::path& path) {
  std::error_code vanished;
  WatchedTemporary seen{path, fs::file_size(path, vanished), {}};
  seen.written = fs::last_write_time(path, vanished);
  return seen;
}

// On runs, and of ranks.
std::vector<fs::path> claims_in(const StudyFolder& folder) {
  std::vector<fs::path> paths = rank_claims(folder);
  for (const std::string& id : run_ids(folder)) {
    if (!is_run_id(id)) continue;
    std::ranges::move(helper_claims(folder, id), std::back_inserter(paths));
    if (fs::exists(folder.claim(id))) paths.push_back(folder.claim(id));
  }
  return paths;
}

}  // namespace

std::vector<fs::path> temporaries_in(const StudyFolder& folder) {
  std::vector<fs::path> folders = {folder.root,        folder.data(), folder.ranks(),
                                   folder.decisions(), folder.runs(), folder.scores()};
  for (const fs::path& trial : files_in(folder.scores()))
    if (fs::is_directory(trial)) folders.push_back(trial);
  for (const std::string& id : run_ids(folder)) {
    if (!is_run_id(id)) continue;
    folders.push_back(folder.run(id));
    folders.push_back(folder.again(id));
  }
  std::vector<fs::path> temporaries;
  for (const fs::path& place : folders)
    for (const fs::path& path : files_in(place))
      if (is_temporary_entry(path)) temporaries.push_back(path);
  std::ranges::sort(temporaries);
  return temporaries;
}

Leftovers wait_for_quiet(const StudyFolder& folder, ClaimObserver& observer,
                         std::chrono::milliseconds patience) {
  std::vector<WatchedClaim> claims;
  for (const fs::path& path : claims_in(folder)) claims.push_back({path, read_claim_text(path)});
  std::vector<WatchedTemporary> temporaries;
  for (const fs::path& path : temporaries_in(folder)) temporaries.push_back(seen_now(path));

  Leftovers leftovers;
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    std::erase_if(claims, [&](const WatchedClaim& claim) {
      const auto state = observer.look(claim.path);
      // Given back by a process that goes on with another run.
      if (state == ClaimObserver::State::Free)
        refuse(folder, "somebody has just held " + claim.path.string());
      if (state == ClaimObserver::State::Expired) {
        leftovers.claims.push_back(claim.path);
        return true;
      }
      if (read_claim_text(claim.path) != claim.text) {
        const auto content = read_claim(claim.path);
        refuse(folder, content
                           ? "process " + std::to_string(content->process.pid) + " on " +
                                 content->process.host.substr(0, content->process.host.find('/')) +
                                 " holds " + claim.path.string()
                           : "somebody holds " + claim.path.string());
      }
      return false;
    });
    const bool patient = std::chrono::steady_clock::now() - begin < patience;
    std::erase_if(temporaries, [&](const WatchedTemporary& temporary) {
      const TemporaryMaker maker = maker_of_temporary(temporary.path);
      const bool orphan = maker == TemporaryMaker::Dead;
      if (!orphan && seen_now(temporary.path) != temporary)
        refuse(folder, "somebody writes " + temporary.path.string());
      if (!orphan && patient) return false;
      if (maker != TemporaryMaker::Living) leftovers.temporaries.push_back(temporary.path);
      return true;
    });
    if (claims.empty() && temporaries.empty()) break;
    std::this_thread::sleep_for(kLookEvery);
  }
  std::ranges::sort(leftovers.claims);
  std::ranges::sort(leftovers.temporaries);
  return leftovers;
}

}  // namespace isoloss
