// How an operation of a communicator fails where another rank of its group is gone, or the way to
// it: this one cannot go on either, a job that is started again can.
#pragma once
#include "model/spec/error.h"

namespace isoloss {

struct PeerLost : WorkError {
  using WorkError::WorkError;
};

}  // namespace isoloss
