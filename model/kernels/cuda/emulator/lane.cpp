#include "model/kernels/cuda/emulator/lane.h"

#include <utility>

#include "model/kernels/cuda/emulator/late_device.h"

namespace isoloss {
namespace {

struct Late {
  bool on = false;
  std::int64_t waits = 0, pending = 0;
};
thread_local Late late;

}  // namespace

LateDevice::LateDevice() { late = {.on = true}; }
LateDevice::~LateDevice() { late.on = false; }
std::int64_t LateDevice::waits() const { return late.waits; }
std::int64_t LateDevice::pending() const { return late.pending; }

WorkPlace Lane::next() {
  join_waited(before);
  before[number] = ++pieces_;
  return {number, pieces_, before};
}

void Lane::put(std::function<void()> work, const WorkPlace& place, RepeatedUses* repeated) {
  if (late.on) {
    put_later({[work = std::move(work), place, repeated] {
                 const RunningWork running(place, repeated);
                 work();
               },
               nullptr});
  } else {
    finish();
    const RunningWork running(place, repeated);
    work();
  }
}

void Lane::put_wait(std::shared_ptr<Mark> mark) {
  if (late.on) put_later({nullptr, std::move(mark)});
}

void Lane::put_later(Task task) {
  tasks_.push_back(std::move(task));
  ++late.pending;
}

void Lane::step() {
  const Task task = std::move(tasks_.front());
  tasks_.pop_front();
  --late.pending;
  if (task.awaited)
    run_to(*task.awaited);
  else
    task.work();
}

void Lane::run_to(const Mark& mark) {
  while (!mark.passed) mark.on->step();
}

void Lane::finish() {
  while (!tasks_.empty()) step();
}

void Lane::wait() {
  if (!tasks_.empty()) ++late.waits;
  finish();
}

void wait_for(const Mark& mark) {
  ++late.waits;
  Lane::run_to(mark);
}

}  // namespace isoloss
