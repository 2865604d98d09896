#include "harness/nccl/nccl_links.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace isoloss {
namespace {

constexpr const char* kRegister = "NCCL_GRAPH_REGISTER";

// NVIDIA/nccl issue 2389.
TEST(NcclLinks, GraphsRegisterNoBuffersUnlessTheUserWantsIt) {
  ::unsetenv(kRegister);
  const NcclLinks links(0);
  ASSERT_NE(std::getenv(kRegister), nullptr);
  EXPECT_EQ(std::getenv(kRegister), std::string("0"));
  ::setenv(kRegister, "1", 1);
  const NcclLinks others(0);
  EXPECT_EQ(std::getenv(kRegister), std::string("1"));
}

}  // namespace
}  // namespace isoloss
