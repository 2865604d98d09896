#include "model/spec/tell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace isoloss {
namespace {

TEST(Tell, ALineSaysWhoseItIs) {
  testing::internal::CaptureStderr();
  tell("no room; free space");
  tell_as_written("\rhalf");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "isoloss: no room; free space\n\rhalf");
}

// As of a log on a full disk, and of a terminal that is gone.
TEST(Tell, WhatCannotBeWrittenIsLeftOut) {
  const int before = ::dup(STDERR_FILENO), full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "no /dev/full here";
  ::dup2(full, STDERR_FILENO);
  EXPECT_NO_THROW(tell("nobody hears"));
  ::close(STDERR_FILENO);
  EXPECT_NO_THROW(tell("nobody hears"));
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(full);
}

}  // namespace
}  // namespace isoloss
