#include "model/kernels/cuda/emulator/memory_uses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace isoloss {
namespace {

struct Piece {
  StreamNumber stream;
  std::size_t number;
};

// Bytes of a memory that the same pieces reached.
struct Part {
  std::size_t end;
  std::optional<Piece> writer;
  std::vector<Piece> readers;  // since then, of each stream the last
};

class Uses {
 public:
  explicit Uses(std::size_t bytes) : bytes_(bytes) {}
  std::size_t bytes() const { return bytes_; }

  void note(std::size_t begin, std::size_t end, bool writes, const WorkPlace& work) {
    split(begin);
    split(end);
    for (auto part = parts_.lower_bound(begin); part != parts_.end() && part->first < end; ++part)
      expect_ordered(part->first, part->second, writes, work);
    if (writes) {
      parts_.erase(parts_.lower_bound(begin), parts_.lower_bound(end));
      parts_[begin] = {end, Piece{work.stream, work.piece}, {}};
      return;
    }
    // What nobody reached so far, and what others did.
    for (std::size_t at = begin; at < end;) {
      auto part = parts_.lower_bound(at);
      if (part == parts_.end() || part->first > at) {
        const std::size_t stop = part == parts_.end() ? end : std::min(end, part->first);
        part = parts_.emplace_hint(part, at, Part{stop, std::nullopt, {}});
      }
      add_reader(part->second, work);
      at = part->second.end;
    }
  }

 private:
  void split(std::size_t at) {
    auto after = parts_.upper_bound(at);
    if (after == parts_.begin()) return;
    auto& [begin, part] = *std::prev(after);
    if (begin == at || part.end <= at) return;
    Part rest = part;
    part.end = at;
    parts_.emplace_hint(after, at, std::move(rest));
  }

  static bool ordered(const Piece& earlier, const WorkPlace& work) {
    if (earlier.stream == work.stream) return earlier.number <= work.piece;
    return covers(work.before, earlier.stream, earlier.number);
  }

  void expect_ordered(std::size_t begin, const Part& part, bool writes,
                      const WorkPlace& work) const {
    const auto fail = [&](const char* other) {
      throw std::logic_error(fmt::format(
          "work {} of stream {} {} bytes {} to {} of a memory of {} bytes that work of another "
          "stream {}, and neither waits for the other",
          work.piece, work.stream, writes ? "writes" : "reads", begin, part.end, bytes_, other));
    };
    if (part.writer && !ordered(*part.writer, work)) fail("writes");
    if (writes)
      for (const Piece& reader : part.readers)
        if (!ordered(reader, work)) fail("reads");
  }

  static void add_reader(Part& part, const WorkPlace& work) {
    const auto same = std::ranges::find(part.readers, work.stream, &Piece::stream);
    if (same == part.readers.end())
      part.readers.push_back({work.stream, work.piece});
    else
      same->number = std::max(same->number, work.piece);
  }

  std::size_t bytes_;
  std::map<std::size_t, Part> parts_;  // by their first bytes
};

struct Watched {
  std::mutex lock;
  std::map<std::uintptr_t, Uses> memories;
};
// Outlives whatever is static elsewhere.
Watched& watched() {
  static Watched& all = *new Watched;
  return all;
}

thread_local const WorkPlace* running = nullptr;
thread_local RepeatedUses* keeping = nullptr;

std::uintptr_t number(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

void note(const MemoryUse& use, const WorkPlace& place) {
  Watched& all = watched();
  const std::lock_guard guard(all.lock);
  auto found = all.memories.upper_bound(number(use.memory));
  if (found == all.memories.begin()) return;
  --found;
  const std::size_t begin = number(use.memory) - found->first;
  if (begin >= found->second.bytes()) return;  // of the host
  const std::size_t end = std::min(begin + use.bytes, found->second.bytes());
  found->second.note(begin, end, use.writes, place);
}

}  // namespace

void watch_memory(const void* memory, std::size_t bytes) {
  Watched& all = watched();
  const std::lock_guard guard(all.lock);
  all.memories.insert_or_assign(number(memory), Uses(bytes));
}

void forget_memory(const void* memory) {
  Watched& all = watched();
  const std::lock_guard guard(all.lock);
  all.memories.erase(number(memory));
}

RunningWork::RunningWork(const WorkPlace& place, RepeatedUses* repeated)
    : outer_(running), outer_repeated_(keeping) {
  const bool known = repeated != nullptr && repeated->enough;
  if (known)
    for (const MemoryUse& use : repeated->uses) note(use, place);
  running = known ? nullptr : &place;
  keeping = known ? nullptr : repeated;
}
RunningWork::~RunningWork() {
  running = outer_;
  keeping = outer_repeated_;
}

bool uses_are_noted() { return running != nullptr; }

void note_use(const void* memory, std::size_t bytes, bool writes) {
  if (running == nullptr || bytes == 0) return;
  const MemoryUse use{memory, bytes, writes};
  if (keeping != nullptr) keeping->uses.push_back(use);
  note(use, *running);
}

}  // namespace isoloss
