// ponder generate: the ordinary first reply: greedy, temperature, beam, best of N. Streams while it goes.
#include <CLI/CLI.hpp>
#include <chrono>

#include "output.h"
#include "ponder/decode.h"
#include "text_stream.h"

namespace ponder::app {
namespace {

struct Args {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  LawArgs law;
  DecodeArgs decode;
  int beam = 0, best_of = 0;
};

// All that was made: the beam's or the draws, of which best_reply chooses one.
std::vector<Reply> make(const Args& a, Engine& e, const ReplyLaw& law, const PrefixRef& context, TextStream* stream) {
  Budget budget;
  budget.stop = &stop_flag();
  if (a.beam > 0) {
    BeamResult r = must(beam_search(*e.density, context, law, {.width = a.beam}, budget));
    if (r.replies.empty())
      fail({Code::kResource, "a reply that ends within " + std::to_string(law.horizon()) + " tokens",
            "none in the beam", "beam search", "raise --max-length or --beam"});
    return {r.replies[0]};
  }
  const int n = std::max(a.best_of, 1);
  return must(decode(*e.density, context, law, a.decode.config, n, budget, [&](int, TokenProb v) {
    if (stream) write(stream->add(v.token)), flush();
    return true;
  }));
}

// Answers one prompt; streams when text is wanted and the reply is made token by token.
void answer(const Args& a, Engine& e, const Prompt& prompt, bool json) {
  const ReplyLaw law = a.law.law(kReplyTokens, static_cast<int>(prompt.ids.size()), *e.density);
  const auto start = std::chrono::steady_clock::now();
  const Cost before = e.density->cost();
  const PrefixRef context = must(e.density->add_context(prompt.ids));
  TextStream stream(e.text);
  const bool streams = !json && a.beam == 0 && a.best_of <= 1;
  const auto replies = make(a, e, law, context, streams ? &stream : nullptr);
  const Reply& r = replies[best_reply(replies, law)];
  if (streams) return write(stream.rest() + "\n");
  if (!json) return write(e.text.reply_text(r.tokens) + "\n");
  Json j = reply_json(r, e.text);
  add_run(j, e, law, e.density->cost() - before,
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), a.decode.config.seed);
  add_notes(j, prompt);
  if (a.best_of > 1) {
    j["replies"] = Json::array();
    for (const Reply& x : replies)
      j["replies"].push_back({{"reply", e.text.reply_text(x.tokens)},
                              {"reply_ids", x.tokens},
                              {"logprob", x.logprob},
                              {"ended", x.ended}});
  }
  write_line(j);
}

}  // namespace

Run add_generate(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->lines.add(app);
  a->law.add(app);
  a->decode.add(app);
  auto* beam = app.add_option("--beam", a->beam, "beam search of this width")->check(CLI::Range(1, 4096));
  app.add_option("--best-of", a->best_of, "the most likely of N sampled replies (with --temp)")
      ->check(CLI::Range(1, 4096))
      ->excludes(beam);
  app.footer(
      "Replies are of up to 512 tokens unless --max-length says otherwise. JSON field \"repetition\" is the share of "
      "the reply's 4-grams of tokens that occurred before; \"replies\" holds "
      "all of --best-of, as drawn.\n"
      "Examples:\n  ponder generate -p 'Name three rivers.'\n  ponder generate -p 'Tell me a story.' --temp 0.8 "
      "--top-p 0.95 -n 100 --seed 1 --json");
  return [a] {
    if (a->best_of > 1 && a->decode.config.temperature <= 0)
      fail({Code::kInvalid, "--temp above 0 with --best-of", "greedy decoding", "command line",
            "give --temp 0.8, for example"});
    Engine e(a->model);
    if (a->lines.input.empty()) {
      answer(*a, e, e.text.prompt(a->prompt), a->lines.json || a->lines.jsonl);
      return 0;
    }
    return for_lines(
        a->lines.input, [&](int, const Json& j) { answer(*a, e, request_prompt(j, e.text, a->prompt.raw), true); },
        [](int n, const std::string& m) { write_line(error_line(n, m)); });
  };
}

}  // namespace ponder::app
