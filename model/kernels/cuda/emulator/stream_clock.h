// How far streams have come before something happens: of each, by its number, the last piece of
// work that is done then. Pieces of a stream have rising numbers; no two streams have one, those
// inside of graphs included.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>

namespace isoloss {

using StreamNumber = std::int64_t;
using StreamClock = std::map<StreamNumber, std::size_t>;

StreamNumber new_stream_number();
// What is before either, by stream the later of the two.
void join(StreamClock& to, const StreamClock& from);

// What hosts have waited for, whichever thread of theirs: all that is put on a stream afterwards
// comes after it. (One host's wait thus orders what others put: between ranks nothing is told for
// sure.)
void host_waited(const StreamClock& clock);
void join_waited(StreamClock& to);

// A stream that is gone after its piece `last`, 0 for none. If hosts have waited for that, whatever
// comes is after it.
void end_stream(StreamNumber number, std::size_t last);
// Whether that piece of the stream is before what `clock` is of.
bool covers(const StreamClock& clock, StreamNumber number, std::size_t piece);

}  // namespace isoloss
