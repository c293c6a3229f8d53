// ponder generate: the ordinary first reply by greedy decoding, temperature, beam search, or best
// of N. Streams the reply while it is made.
#include <CLI/CLI.hpp>

#include "output.h"
#include "requests.h"

namespace ponder::app {
namespace {

struct GenerateArgs : RequestArgs {
  LawArgs law;
  DecodeArgs decode;
  int beam = 0, best_of = 1;
};

// Answers one prompt. Streams the text if JSON was not asked for and the reply is made token by
// token.
Status generate_one(const GenerateArgs& a, Session& s, PromptRequest prompt, bool json) {
  GenerateRequest r{.prompt = std::move(prompt),
                    .law = a.law.request(),
                    .decode = a.decode.config,
                    .beam = a.beam,
                    .best_of = a.best_of};
  r.budget.stop = &stop_flag();
  TextStream stream(s.shared_text());
  const bool streams = !json && a.beam == 0 && a.best_of <= 1;
  if (streams)
    r.on_token = [&](TokenProb v) {
      write(stream.add(v.token));
      flush();
      return !output_broken();
    };
  PONDER_ASSIGN(const GenerateAnswer answer, s.generate(r));
  if (json)
    write_line(to_json(answer));
  else
    write_line(streams ? stream.rest() : answer.reply.text);
  return {};
}

}  // namespace

Run add_generate(CLI::App& app) {
  auto a = std::make_shared<GenerateArgs>();
  a->add(app);
  a->law.add(app);
  a->decode.add(app);
  auto* beam =
      app.add_option("--beam", a->beam, "beam search of this width")->check(CLI::Range(1, 4096));
  app.add_option("--best-of", a->best_of, "the most likely of N sampled replies (with --temp)")
      ->check(CLI::Range(1, 4096))
      ->excludes(beam);
  app.footer(
      "Replies are of up to 512 tokens unless --max-length says otherwise. JSON field "
      "\"repetition\" is the share of "
      "the reply's 4-grams of tokens that occurred before; \"replies\" holds "
      "all of --best-of, as drawn.\n"
      "Examples:\n  ponder generate -p 'Name three rivers.'\n  ponder generate -p 'Tell me a "
      "story.' --temp 0.8 "
      "--top-p 0.95 -n 100 --seed 1 --json");
  return [a]() -> Result<int> {
    PONDER_TRY(check_best_of(a->best_of, a->decode.config));  // checked before the model is loaded
    return answer_requests(*a, [&](Session& s, PromptRequest prompt, bool json) {
      return generate_one(*a, s, std::move(prompt), json);
    });
  };
}

}  // namespace ponder::app
