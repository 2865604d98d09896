// The order of work (work_order.h) of a part of a test, so that it sees what overlaps where nothing
// does in the emulator.
#pragma once
#include "model/kernels/cuda/emulator/work_order.h"

namespace isoloss {

class StreamTrace : public WorkOrder {
 public:
  // Of all streams of this thread's while it lives, what graphs capture too; one at a time.
  StreamTrace();
  ~StreamTrace();
  StreamTrace(const StreamTrace&) = delete;
  StreamTrace& operator=(const StreamTrace&) = delete;
};

// This thread's, if it has one.
StreamTrace* stream_trace();

}  // namespace isoloss
