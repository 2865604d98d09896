// Memory of the tensors that training steps make on their way. A step asks for the same sizes as
// the step before it, so what one step gives back serves the next: bytes are taken from the system
// by the first steps and by none after. That holds for everything that asks LibTorch's allocator,
// oneDNN's buffers among it. What is dropped between steps goes back to the system, and all of it
// when the memory and its tensors are gone.
#pragma once
#include <memory>

namespace isoloss {

class StepMemory {
 public:
  // The first of a process puts its allocator in front of LibTorch's.
  StepMemory();
  ~StepMemory();
  StepMemory(StepMemory&&) noexcept;
  StepMemory& operator=(StepMemory&&) = delete;

  class Store;

  // While it lives, tensors that this thread makes are from `memory`; any thread may drop them, at
  // any time. The innermost counts.
  class Use {
   public:
    explicit Use(const StepMemory& memory);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Store* mine_;
    Store* outer_;
  };

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace isoloss
