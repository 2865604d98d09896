#include "model/kernels/cuda/emulator/stream_trace.h"

namespace isoloss {
namespace {

thread_local StreamTrace* current = nullptr;

}  // namespace

StreamTrace* stream_trace() { return current; }

StreamTrace::StreamTrace() { current = this; }
StreamTrace::~StreamTrace() { current = nullptr; }

}  // namespace isoloss
