// The most likely replies to a raw prompt, proved: best-first search over the prefixes of a model.
//   most_likely MODEL.gguf "prompt" [HOW_MANY [HORIZON]]
#include <cstdio>
#include <cstdlib>
#include <string>

#include "ponder/density/law.h"
#include "ponder/model/gguf.h"
#include "ponder/model/model.h"
#include "ponder/model/tokenizer.h"
#include "ponder/search/search.h"

namespace {

using namespace ponder;

Status run(const std::string& path, const std::string& prompt, int n_best, int horizon) {
  PONDER_ASSIGN(auto file, GgufFile::open(path));
  PONDER_ASSIGN(auto tokenizer, Tokenizer::from_gguf(file));
  PONDER_ASSIGN(auto model, Model::load(file));
  DensityOptions options;
  options.end_tokens = tokenizer->end_tokens();
  PONDER_ASSIGN(auto density, LanguageDensity::make(model, options));
  PONDER_ASSIGN(const PrefixRef context, density->add_context(tokenizer->encode(prompt)));

  // A reply ends in an end token within the horizon; all other strings have probability 0.
  ReplyLawConfig config;
  config.horizon = horizon;
  PONDER_ASSIGN(auto law, ReplyLaw::make(config, density->n_vocab(), density->end_tokens()));
  BestFirstConfig search;
  search.n_best = n_best;
  Budget budget;
  budget.seconds = 60;
  PONDER_ASSIGN(auto found, best_first(*density, context, law, search, {}, budget));

  for (const Reply& reply : found.replies)
    std::printf("%9.4f  %s\n", reply.logprob, tokenizer->decode(reply.tokens, false).c_str());
  const Certificate& c = found.certificate;
  std::printf("%s, up to %d tokens, after %lld prefixes\n",
              std::string(to_string(c.status)).c_str(), c.horizon,
              static_cast<long long>(c.expanded));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const int n_best = argc > 3 ? std::atoi(argv[3]) : 3;
  const int horizon = argc > 4 ? std::atoi(argv[4]) : 40;
  if (argc < 3 || argc > 5 || n_best < 1 || horizon < 1) {
    std::fprintf(stderr, "usage: most_likely MODEL.gguf \"prompt\" [HOW_MANY [HORIZON]]\n");
    return 2;
  }
  if (const auto status = run(argv[1], argv[2], n_best, horizon); !status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
