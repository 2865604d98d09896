#include "model/kernels/cuda/emulator/stream_trace.h"

#include <algorithm>

namespace isoloss {
namespace {

thread_local StreamTrace* current = nullptr;

}  // namespace

StreamTrace* stream_trace() { return current; }

StreamTrace::StreamTrace() { current = this; }
StreamTrace::~StreamTrace() { current = nullptr; }

void StreamTrace::join(Before& to, const Before& from) {
  for (const auto& [stream, piece] : from) {
    const auto known = to.emplace(stream, piece).first;
    known->second = std::max(known->second, piece);
  }
}

std::size_t StreamTrace::put(const void* stream, bool mark) {
  const std::size_t piece = pieces_.size();
  Before& before = next_[stream];
  before[stream] = piece;
  pieces_.push_back({stream, mark, before});
  return piece;
}

void StreamTrace::wait(const void* stream, std::size_t piece) {
  join(next_[stream], pieces_[piece].before);
}

bool StreamTrace::waits(std::size_t later, std::size_t earlier) const {
  const auto known = pieces_[later].before.find(pieces_[earlier].on);
  return later != earlier && known != pieces_[later].before.end() && known->second >= earlier;
}

}  // namespace isoloss
