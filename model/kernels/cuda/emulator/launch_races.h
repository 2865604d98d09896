// Which threads of a launch reach the same memory, one of them to write, without a sync between
// them: the emulator's own order hides that, and on a GPU what is read is then a matter of luck.
// And what memory the launch reached, whichever thread did, for memory_uses.h.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace isoloss::simt {

class LaunchRaces {
 public:
  // A thread, and how often it has synchronised with its block and with its warp. Only these order
  // what threads do: a shuffle does not (CUDA C++ Programming Guide, "Warp Shuffle Functions"), and
  // blocks of a launch are never ordered.
  struct Turn {
    std::uint32_t block, warp_syncs;
    std::uint16_t block_syncs, thread;
    bool operator==(const Turn&) const = default;
  };
  struct Access {
    const void* memory;
    std::size_t bytes;
    bool writes;
    const void* code;  // where it is
  };

  // Nothing was reached so far.
  void begin_launch();
  // Nothing of what is the block's own, which is where that of the last block was.
  void begin_block();
  void note(const Turn& turn, const Access& access, bool blocks_own);
  // The first two accesses of this launch that nothing orders, in words.
  const std::optional<std::string>& found() const { return found_; }
  // Stretches of what the launch reached that is no block's own, to half a word, those that it read
  // and then those that it wrote, in the order of their addresses.
  using Visit = std::function<void(const void* memory, std::size_t bytes, bool writes)>;
  void for_each_stretch(const Visit& visit) const;

 private:
  // Of a word, or of half of one (bytes are not told apart): the last write, and what of the reads
  // since a write could run into. Earlier reads of a warp, and of its block before a sync, are
  // before whatever the later ones are before.
  struct Cell {
    std::uint32_t scope = 0;  // the launch or block that it is of
    bool written = false, read = false;
    bool by_threads = false, by_warps = false, by_blocks = false;  // read by several
    bool ever_read = false, ever_written = false;                  // in this scope
    Turn writer{}, reader{};
    std::uint32_t written_at = 0, read_at = 0;  // by their offsets in the program
  };
  static constexpr std::uintptr_t kWord = 4, kHalf = 2, kPageWords = 256;
  struct Page {
    std::uintptr_t number = 0;
    std::uint32_t launch = 0;  // the last that reached it
    std::array<Cell, kPageWords> cells;
    // Of words' upper halves, once less than a word of the page was reached; `cells` is of the
    // lower ones then.
    std::unique_ptr<std::array<Cell, kPageWords>> upper;
  };

  Page& page(std::uintptr_t number);
  void note(Cell& cell, const Turn& turn, bool writes, std::uint32_t scope, std::uint32_t code);
  void write(Cell& cell, const Turn& turn, std::uint32_t code);
  void read(Cell& cell, const Turn& turn, std::uint32_t code);
  void tell(const Turn& one, std::uint32_t one_at, const Turn& other, std::uint32_t other_at);

  std::uint32_t scopes_ = 0, launch_ = 0, block_ = 0;
  std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages_;
  std::array<Page*, 256> near_{};  // reached in this launch, each where its number says
  std::vector<Page*> reached_;     // in this launch
  std::optional<std::string> found_;
};

}  // namespace isoloss::simt
