// What the ranks of a block tell each other between pieces of a run: whether to stop, and whether
// one of them has failed. A rank that fails comes to the exchange at which the others are, or are
// next, so that all leave the run together and none waits for it. Between two exchanges there may
// only be collective operations that a failed rank takes part in, or that follow an exchange at
// once.
#pragma once
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include "model/parallel/communicator.h"

namespace isoloss {

// A rank failed in the block's run, and every rank of the block knows: it ends that run alone.
struct SharedFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A rank failed where the others wait inside a step: the job must end.
struct BrokenBlock : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The leading rank's answers, on every rank.
struct Exchanged {
  bool stop = false;
  bool save = false;
  bool diverged = false;
};

// Collective over `ranks`. SharedFailure on every rank, naming the first that failed and its
// reason, where `failure` is set on any; one rank alone throws its own.
Exchanged exchange(const Exchanged& asked, const std::exception_ptr& failure, Communicator& ranks);

// The first line of what it says: LibTorch adds where it was thrown.
std::string first_line(const std::exception& problem);

// What `work` throws of this run alone; bad input, a full disk and lost ranks, which concern more
// than the run, are thrown.
std::exception_ptr failure_of(const std::function<void()>& work);

// Does what other ranks wait for: what it throws of this run alone is a BrokenBlock where there are
// several.
void unshared(Communicator& ranks, const std::function<void()>& work);

// Collective over `ranks`: each does its `work`, and SharedFailure is thrown on all where one's
// fails.
void do_together(Communicator& ranks, const std::function<void()>& work);

}  // namespace isoloss
