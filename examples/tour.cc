// The tour of docs/library.md on a model: ask, score, think, draw, and a term of one's own. Each
// part between [name] and [/name] is a block of that document, word for word. The other two parts
// of the tour are tour_density.cc and tour_dna.cc.
//   tour MODEL.gguf
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "ponder/ponder.h"

namespace {

using namespace ponder;

// [ask]
Status ask(Session& session) {
  GenerateRequest request{.prompt = Conversation::ask("What is the sum of 14 and 8?")};
  PONDER_ASSIGN(const GenerateAnswer answer, session.generate(request));
  std::printf("%s  log p %.2f\n", answer.reply.text.c_str(), answer.reply.logprob);
  return {};
}
// [/ask]

// [score]
Status score(Session& session) {
  const Conversation question = Conversation::ask("What is the sum of 14 and 8?");
  const ReplyRequest right{"14 + 8 = 22.", true}, wrong{"14 + 8 = 23.", true};
  const std::vector<ScoreRequest> requests{{question, right}, {question, wrong}};
  PONDER_ASSIGN(const auto scores, session.score(requests));
  for (const Result<ScoreAnswer>& score : scores) {
    PONDER_TRY(score);
    std::printf("%zu tokens  log p %.2f\n", score->reply.size(), score->sum);
  }
  const std::vector<GradientRequest> slopes{{question, right}};
  for (const Result<GradientAnswer>& gradient : session.gradients(slopes)) {
    PONDER_TRY(gradient);
    double squares = 0;
    for (const float g : gradient->gradient) squares += g * g;
    std::printf("%lld positions of %lld numbers, norm %.1e\n",
                static_cast<long long>(gradient->rows), static_cast<long long>(gradient->columns),
                std::sqrt(squares));
  }
  return {};
}
// [/score]

// [think]
Status think_again(Session& session) {
  ThinkRequest request{.prompt = Conversation::ask("What is the sum of 14 and 8?")};
  request.budget.seconds = 10;
  PONDER_ASSIGN(const ThinkAnswer answer, session.think(request));
  std::printf("first     %s  log p %.2f\n", answer.first.text.c_str(), answer.first.logprob);
  std::printf("likelier  %s  log p %.2f\n", answer.best.text.c_str(), answer.best.logprob);
  const Certificate& c = answer.result.certificate;
  if (c.status == Certificate::Status::kOptimal)
    std::printf("no reply of up to %d tokens is more probable\n", c.horizon);
  else if (c.status == Certificate::Status::kGap)
    std::printf("another reply could be at most %.2f nats better\n", c.gap);
  return {};
}
// [/think]

// [draw]
Status draw(Session& session) {
  SampleRequest request{.prompt = Conversation::ask("What colour is snow?")};
  request.law.max_length = 12;  // tokens
  request.alpha = 2;            // draws from p^2
  request.chains.thin = 10;     // steps of a chain between two draws
  PONDER_ASSIGN(const SampleAnswer answer, session.sample(request));
  const auto& most_frequent = answer.replies[0];
  std::printf("%s  log p %.2f\n", most_frequent.text.c_str(), most_frequent.logprob);
  for (const SampleAnswer::Scalar& s : answer.scalars)
    if (s.name == "logprob")
      std::printf("mean log p %.2f, standard error %.2f\n", s.summary.mean, s.summary.mcse_mean);
  std::printf("%s\n", answer.verdict.converged ? "converged" : answer.verdict.reason.c_str());
  return {};
}
// [/draw]

// [term]
Status prefer_long(Session& session) {
  PONDER_ASSIGN(const Prompt prompt,
                session.text().prompt(Conversation::ask("What colour is snow?")));
  PONDER_ASSIGN(const PrefixRef context, session.context(prompt.ids));
  CausalDensity& density = session.density();
  PONDER_ASSIGN(const ReplyLaw law, ReplyLaw::make({.target = Target::kEnded, .horizon = 12},
                                                   density.n_vocab(), density.end_tokens()));
  std::vector<std::unique_ptr<Term>> terms;  // R(x) = 1 for five tokens or more, else 0
  terms.push_back(make_term("long", [](ReplyTokens x) { return x.size() >= 5 ? 1. : 0.; }));
  const Replica target{.alpha = 1, .beta = {3}};  // pi(x) is proportional to p(x) exp(3 R(x))
  PONDER_ASSIGN(const Energy energy,
                Energy::make(density, context, law, {target}, std::move(terms)));
  PONDER_ASSIGN(const auto kernel, make_kernel("suffix", energy));
  PONDER_ASSIGN(Chains chains, Chains::start(energy, *kernel, {.chains = 8, .seed = 1}));
  while (chains.n_draws() < 200) PONDER_TRY(chains.step());
  int n_long = 0;
  for (const auto& chain : chains.trace().replies)
    for (const auto& reply : chain) n_long += reply.size() >= 5;
  std::printf("%.2f of the draws are long\n", n_long / (8 * 200.));
  return {};
}
// [/term]

// [open]
Status run(const char* path) {
  PONDER_ASSIGN(const auto text, TextModel::open(path));
  PONDER_ASSIGN(const auto session, Session::open(text));
  PONDER_TRY(ask(*session));
  PONDER_TRY(score(*session));
  PONDER_TRY(think_again(*session));
  PONDER_TRY(draw(*session));
  return prefer_long(*session);
}
// [/open]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: tour MODEL.gguf\n"), 2;
  const Status s = run(argv[1]);
  if (!s.ok()) std::fprintf(stderr, "error: %s\n", s.error().message().c_str());
  return s.ok() ? 0 : 1;
}
