// What is put on streams, and what of it a device may do at the same time: the order of each stream
// and the waits between them, whatever order the emulator itself takes.
#pragma once
#include <cstddef>
#include <map>
#include <vector>

#include "model/kernels/cuda/emulator/stream_clock.h"

namespace isoloss {

class WorkOrder {
 public:
  // Pieces of work so far, numbered as they were put; places that events mark are among them.
  std::size_t size() const { return pieces_.size(); }
  bool marks(std::size_t piece) const { return pieces_[piece].mark; }
  bool on_one_stream(std::size_t a, std::size_t b) const { return pieces_[a].on == pieces_[b].on; }
  // Whether `later` cannot begin before `earlier` is done.
  bool waits(std::size_t later, std::size_t earlier) const;
  // Whether what is put on stream `to` next waits for all that was put on stream `from`.
  bool joined(StreamNumber to, StreamNumber from) const;
  StreamNumber stream(std::size_t piece) const { return pieces_[piece].on; }
  // What must be done before, itself included.
  const StreamClock& before(std::size_t piece) const { return pieces_[piece].before; }

  // For the emulator: a piece of work on a stream, or the mark of an event there, and a stream that
  // waits for a piece from now on.
  std::size_t put(StreamNumber stream, bool mark);
  void wait(StreamNumber stream, std::size_t piece);

 private:
  struct Piece {
    StreamNumber on;
    bool mark;
    StreamClock before;
  };

  std::vector<Piece> pieces_;
  std::map<StreamNumber, StreamClock> next_;  // of what is put on a stream next
};

}  // namespace isoloss
