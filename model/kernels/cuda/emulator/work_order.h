// What is put on streams, and what of it a device may do at the same time: the order of each stream
// and the waits between them, whatever order the emulator itself takes.
#pragma once
#include <cstddef>
#include <map>
#include <vector>

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
  bool joined(const void* to, const void* from) const;

  // For the emulator: a piece of work on a stream, or the mark of an event there, and a stream that
  // waits for a piece from now on. Streams are known by any address of theirs.
  std::size_t put(const void* stream, bool mark);
  void wait(const void* stream, std::size_t piece);

 private:
  // By stream, the last piece there that must be done before, itself included.
  using Before = std::map<const void*, std::size_t>;
  struct Piece {
    const void* on;
    bool mark;
    Before before;
  };
  static void join(Before& to, const Before& from);

  std::vector<Piece> pieces_;
  std::map<const void*, Before> next_;  // of what is put on a stream next
};

}  // namespace isoloss
