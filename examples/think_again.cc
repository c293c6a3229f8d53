// Asks a chat model a question, thinks for ten seconds, and prints the first reply and the likelier
// one.
//   think_again MODEL.gguf "question"
#include <cstdio>

#include "ponder/ponder.h"

namespace {

ponder::Status run(const char* path, const char* question) {
  PONDER_ASSIGN(const auto text, ponder::TextModel::open(path));
  PONDER_ASSIGN(const auto session, ponder::Session::open(text));
  ponder::ThinkRequest request{.prompt = ponder::Conversation::ask(question)};
  request.budget.seconds = 10;
  PONDER_ASSIGN(const ponder::ThinkAnswer answer, session->think(request));
  std::printf("first     %8.2f  %s\n", answer.first.logprob, answer.first.text.c_str());
  std::printf("likelier  %8.2f  %s\n", answer.best.logprob, answer.best.text.c_str());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: think_again MODEL.gguf \"question\"\n"), 2;
  const ponder::Status s = run(argv[1], argv[2]);
  if (!s.ok()) std::fprintf(stderr, "error: %s\n", s.error().message().c_str());
  return s.ok() ? 0 : 1;
}
