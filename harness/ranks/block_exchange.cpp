#include "harness/ranks/block_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using Reason = std::array<char, 256>;

Reason reason_of(const std::exception_ptr& failure) {
  Reason reason{};
  if (!failure) return reason;
  const auto say = [&](std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), reason.size() - 1), reason.begin());
  };
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& problem) {
    const std::string line = first_line(problem);
    say(line.empty() ? "no reason given" : line);
  } catch (...) {
    say("no reason given");
  }
  return reason;
}

// Every rank's reason, of which one is there.
[[noreturn]] void throw_shared(const std::exception_ptr& failure, Communicator& ranks) {
  const std::array<Reason, 1> mine = {reason_of(failure)};
  std::vector<Reason> all(static_cast<std::size_t>(ranks.size()));
  ranks.all_gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)));
  const auto first =
      std::ranges::find_if(all, [](const Reason& reason) { return reason[0] != '\0'; });
  throw SharedFailure(
      fmt::format("{} (rank {} of {})", first->data(), first - all.begin(), ranks.size()));
}

}  // namespace

Exchanged exchange(const Exchanged& asked, const std::exception_ptr& failure, Communicator& ranks) {
  if (ranks.size() == 1) {
    if (failure) std::rethrow_exception(failure);
    return asked;
  }
  const bool leads = ranks.rank() == 0;
  std::array<float, 4> said = {leads && asked.stop ? 1.0F : 0.0F, leads && asked.save ? 1.0F : 0.0F,
                               leads && asked.diverged ? 1.0F : 0.0F, failure ? 1.0F : 0.0F};
  ranks.all_reduce_max(said);
  if (said[3] != 0) throw_shared(failure, ranks);
  return {said[0] != 0, said[1] != 0, said[2] != 0};
}

std::string first_line(const std::exception& problem) {
  const std::string text = problem.what();
  return text.substr(0, text.find('\n'));
}

std::exception_ptr failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError&) {
    throw;
  } catch (const WorkError&) {
    throw;
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void unshared(Communicator& ranks, const std::function<void()>& work) {
  const auto failure = failure_of(work);
  if (!failure) return;
  if (ranks.size() == 1) std::rethrow_exception(failure);
  throw BrokenBlock(reason_of(failure).data());
}

void do_together(Communicator& ranks, const std::function<void()>& work) {
  exchange({}, failure_of(work), ranks);
}

}  // namespace isoloss
