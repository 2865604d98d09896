#include "model/kernels/cuda/emulator/launch_races.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

namespace isoloss::simt {
namespace {

constexpr std::size_t kMostPages = 20'000;  // of twelve or twenty-four kilobytes
constexpr std::uint16_t kWarpThreads = 32;

using Turn = LaunchRaces::Turn;

bool same_warp(const Turn& a, const Turn& b) {
  return a.thread / kWarpThreads == b.thread / kWarpThreads;
}

// Whether nothing orders what happened in these turns.
bool unordered(const Turn& earlier, const Turn& later) {
  if (earlier.block != later.block) return true;
  if (earlier.thread == later.thread || earlier.block_syncs != later.block_syncs) return false;
  return !same_warp(earlier, later) || earlier.warp_syncs == later.warp_syncs;
}

// Offsets from any place of the program: they fit into 32 bits.
std::uint32_t offset(const void* code) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(code) -
                                    reinterpret_cast<std::uintptr_t>(&offset));
}
// What addr2line wants to name the line.
std::string place(std::uint32_t code) {
  const auto here = reinterpret_cast<std::uintptr_t>(&offset);
  Dl_info program{};
  dladdr(reinterpret_cast<const void*>(here), &program);
  return fmt::format("{:#x}", here + static_cast<std::uintptr_t>(static_cast<std::int32_t>(code)) -
                                  reinterpret_cast<std::uintptr_t>(program.dli_fbase));
}

}  // namespace

void LaunchRaces::begin_launch() {
  found_.reset();
  if (pages_.size() > kMostPages) pages_.clear();
  reached_.clear();
  near_.fill(nullptr);
  launch_ = ++scopes_;
}

void LaunchRaces::begin_block() { block_ = ++scopes_; }

void LaunchRaces::note(const Turn& turn, const Access& access, bool blocks_own) {
  if (found_) return;
  const std::uint32_t scope = blocks_own ? block_ : launch_, code = offset(access.code);
  const auto begin = reinterpret_cast<std::uintptr_t>(access.memory), end = begin + access.bytes;
  Page* near = nullptr;
  for (std::uintptr_t word = begin / kWord; word * kWord < end; ++word) {
    const std::uintptr_t middle = word * kWord + kHalf;
    const bool lower = begin < middle;
    const bool upper = end > middle;
    const std::uintptr_t i = word % kPageWords;
    if (near == nullptr || i == 0) near = &page(word / kPageWords);
    Page& reached = *near;
    if (!reached.upper && !(lower && upper))
      reached.upper = std::make_unique<std::array<Cell, kPageWords>>(reached.cells);
    if (lower || !reached.upper) note(reached.cells[i], turn, access.writes, scope, code);
    if (upper && reached.upper) note((*reached.upper)[i], turn, access.writes, scope, code);
  }
}

void LaunchRaces::note(Cell& cell, const Turn& turn, bool writes, std::uint32_t scope,
                       std::uint32_t code) {
  if (cell.scope != scope) cell = {.scope = scope};
  // What the same thread does again is no news.
  if (writes && (cell.read || !cell.written || cell.writer != turn))
    write(cell, turn, code);
  else if (!writes && (!cell.read || cell.reader != turn))
    read(cell, turn, code);
}

LaunchRaces::Page& LaunchRaces::page(std::uintptr_t number) {
  Page*& near = near_[number % near_.size()];
  if (near != nullptr && near->number == number) return *near;
  std::unique_ptr<Page>& found = pages_[number];
  if (!found) {
    found = std::make_unique<Page>();
    found->number = number;
  }
  if (found->launch != launch_) {
    found->launch = launch_;
    reached_.push_back(found.get());
  }
  near = found.get();
  return *near;
}

void LaunchRaces::for_each_stretch(const Visit& visit) const {
  std::vector<const Page*> pages(reached_.begin(), reached_.end());
  std::ranges::sort(pages, {}, &Page::number);
  for (const bool writes : {false, true}) {
    std::uintptr_t begin = 0, end = 0;  // numbers of halves
    const auto close = [&] {
      if (end > begin)
        visit(reinterpret_cast<const void*>(begin * kHalf), (end - begin) * kHalf, writes);
    };
    const auto reach = [&](const Cell& cell, std::uintptr_t half) {
      if (cell.scope != launch_ || !(writes ? cell.ever_written : cell.ever_read)) return;
      if (half != end) {
        close();
        begin = half;
      }
      end = half + 1;
    };
    for (const Page* page : pages)
      for (std::uintptr_t i = 0; i < kPageWords; ++i) {
        const std::uintptr_t half = 2 * (page->number * kPageWords + i);
        reach(page->cells[i], half);
        reach(page->upper ? (*page->upper)[i] : page->cells[i], half + 1);
      }
    close();
  }
}

void LaunchRaces::write(Cell& cell, const Turn& turn, std::uint32_t code) {
  if (cell.written && unordered(cell.writer, turn))
    return tell(cell.writer, cell.written_at, turn, code);
  if (cell.read) {
    const Turn& reader = cell.reader;
    const bool others = reader.block_syncs == turn.block_syncs &&
                        (cell.by_warps || (cell.by_threads && same_warp(reader, turn) &&
                                           reader.warp_syncs == turn.warp_syncs));
    if (cell.by_blocks || others || unordered(reader, turn))
      return tell(reader, cell.read_at, turn, code);
  }
  cell.written = cell.ever_written = true;
  cell.writer = turn;
  cell.written_at = code;
  cell.read = cell.by_threads = cell.by_warps = cell.by_blocks = false;
}

void LaunchRaces::read(Cell& cell, const Turn& turn, std::uint32_t code) {
  if (cell.written && unordered(cell.writer, turn))
    return tell(cell.writer, cell.written_at, turn, code);
  cell.ever_read = true;
  if (cell.read && cell.reader.block != turn.block) {
    cell.by_blocks = true;
    return;
  }
  if (cell.read && cell.reader.block_syncs == turn.block_syncs) {
    if (!same_warp(cell.reader, turn)) {
      cell.by_warps = true;
      return;
    }
    if (cell.reader.warp_syncs == turn.warp_syncs) {
      cell.by_threads = cell.by_threads || cell.reader.thread != turn.thread;
      return;
    }
  } else {
    cell.by_warps = false;
  }
  cell.read = true;
  cell.by_threads = false;
  cell.reader = turn;
  cell.read_at = code;
}

void LaunchRaces::tell(const Turn& one, std::uint32_t one_at, const Turn& other,
                       std::uint32_t other_at) {
  found_ = fmt::format(
      "thread {} of block {} (code at {}) and thread {} of block {} (code at {}) reach the same "
      "bytes, at least one of them to write, and nothing orders them",
      one.thread, one.block, place(one_at), other.thread, other.block, place(other_at));
}

}  // namespace isoloss::simt
