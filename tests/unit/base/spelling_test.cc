// Hints for unknown words: the nearest known word, or none.
#include "ponder/core/spelling.h"

#include <gtest/gtest.h>

namespace ponder {
namespace {

TEST(Nearest, IsACandidateCutShortOrDrawnOutOrAFewEditsAway) {
  const std::vector<std::string> commands{"generate", "score", "grad",
                                          "think",    "prove", "landscape"};
  for (const auto& [word, near] :
       std::vector<std::pair<std::string, std::string>>{{"gen", "generate"},
                                                        {"generates", "generate"},
                                                        {"tihnk", "think"},
                                                        {"thnik", "think"},
                                                        {"scoer", "score"}})
    EXPECT_EQ(nearest(word, commands, 3), near) << word;
  EXPECT_EQ(nearest("min", {"min-length", "min-p"}, 3), "min-p");
  EXPECT_EQ(nearest("temperature", {"top-p", "temp"}, 3), "temp");
}

TEST(Nearest, IsNeverFarFetched) {
  const std::vector<std::string> commands{"generate", "score",     "grad", "think",
                                          "prove",    "landscape", "info"};
  for (const char* word : {"", "g", "cat", "chat", "run", "llama", "xyzzy"})
    EXPECT_EQ(nearest(word, commands, 3), "");
  EXPECT_EQ(nearest("endless", {"end"}, 3), "");
}

}  // namespace
}  // namespace ponder
