// Status, Result and their early-return macros.
#include "ponder/core/status.h"

#include <gtest/gtest.h>

namespace ponder {
namespace {

Result<int> half(int x) {
  if (x % 2) return Error{Code::kInvalid, "an even number", std::to_string(x), "half", "add one"};
  return x / 2;
}
Result<int> quarter(int x) {
  PONDER_ASSIGN(int h, half(x));
  return half(h);
}

TEST(Status, MessageHasFourParts) {
  EXPECT_EQ(half(3).error().message(), "expected an even number, got 3 (half); add one");
}
TEST(Status, MessagesCommandNoTerminal) {
  const Error e{Code::kInvalid, "a name", "\x1b[31mred\x7f \u00e9\n", "", ""};
  EXPECT_EQ(e.message(), "expected a name, got \\x1b[31mred\\x7f \u00e9\n");
}
TEST(Status, ErrorsReturnEarly) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().got, "3");
  EXPECT_EQ(quarter(7).error().got, "7");
  EXPECT_TRUE(quarter(8).status().ok());
}

}  // namespace
}  // namespace ponder
