// How probable is this reply? Loads a model, renders a question through its chat template, and
// prints the exact log-probability of a reply, token by token.
//   score_reply MODEL.gguf "question" "reply"
#include <cstdio>
#include <string>
#include <vector>

#include "ponder/model/chat.h"
#include "ponder/model/gguf.h"
#include "ponder/model/model.h"
#include "ponder/model/tokenizer.h"

namespace {

using namespace ponder;

Status run(const std::string& path, const std::string& question, const std::string& reply) {
  PONDER_ASSIGN(auto file, GgufFile::open(path));
  PONDER_ASSIGN(auto tokenizer, Tokenizer::from_gguf(file));
  PONDER_ASSIGN(auto model, Model::load(file));

  // The prompt in the form that the model was trained on. Text of the user cannot become a control
  // token.
  PONDER_ASSIGN(auto source, file->get_string("tokenizer.chat_template"));
  PONDER_ASSIGN(auto chat, ChatTemplate::parse(source));
  ChatTemplate::Options options;
  if (tokenizer->bos()) options.bos_token = tokenizer->piece(*tokenizer->bos());
  if (tokenizer->eos()) options.eos_token = tokenizer->piece(*tokenizer->eos());
  PONDER_ASSIGN(auto prompt, chat->render({{"user", question}}, options));
  const std::vector<Token> prompt_ids =
      tokenizer->encode(prompt.text, {.parse_special = true, .literal = prompt.literal});

  // The reply, closed by the token that ends a turn.
  std::vector<Token> ids = tokenizer->encode(reply, {.parse_special = false});
  if (tokenizer->end_of_turn()) ids.push_back(*tokenizer->end_of_turn());

  // One pass: rows 0 … n-1 predict the n tokens.
  DensityOptions density_options;
  density_options.end_tokens = tokenizer->end_tokens();
  PONDER_ASSIGN(auto density, LanguageDensity::make(model, density_options));
  PONDER_ASSIGN(const PrefixRef context, density->add_context(prompt_ids));
  Extend request;
  request.parent = context;
  request.tokens = ids;
  request.rows = RowSet::kTargets;
  Rows rows;
  PONDER_TRY(density->extend({&request, 1}, rows));

  double sum = 0;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const double lp = rows.rows[t].logprob;
    sum += lp;
    std::printf("%9.4f  %s\n", lp, tokenizer->piece(ids[t]).c_str());
  }
  std::printf("%9.4f  nats in all\n", sum);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: score_reply MODEL.gguf \"question\" \"reply\"\n");
    return 2;
  }
  if (const auto status = run(argv[1], argv[2], argv[3]); !status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
