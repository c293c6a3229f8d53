// ponder think: first reply to likelier reply, with the proof where there is one. How it looks:
// think_print.h.
#include <CLI/CLI.hpp>

#include "output.h"
#include "ponder/session/specs.h"
#include "search_args.h"
#include "think_print.h"

namespace ponder::app {
namespace {

struct ThinkArgs : SearchArgs {
  DecodeArgs decode;
  ThinkConfig think;
  std::string patience;
  bool colour = false, any_length = false;
};

Result<ThinkRequest> think_request(const ThinkArgs& a, const Budget& budget) {
  ThinkRequest r{
      .law = a.law.request(), .config = a.think, .any_length = a.any_length, .budget = budget};
  r.config.first = a.decode.config;
  r.config.methods = join_settings(a.think.methods);
  PONDER_TRY(check_methods(r.config.methods));
  r.config.best_first.batch = a.batch;
  PONDER_ASSIGN(const Budget patience, parse_budget(a.patience, "--patience"));
  r.config.patience_seconds = patience.seconds;
  r.config.patience_tokens = patience.tokens;
  return r;
}

Status think_one(const ThinkArgs& a, ThinkRequest r, Session& s, PromptRequest prompt, bool json) {
  r.prompt = std::move(prompt);
  const bool colour = !json && colour_output(a.colour);
  r.logprobs = colour;
  ThinkScreen screen(s.shared_text(), r.budget, colour);
  if (!json) {
    r.config.on_first_token = [&](TokenProb v) { screen.first_token(v); };
    r.config.on_first = [&](const Reply& x) { screen.first_done(x); };
    r.config.progress = [&](const ThinkProgress& p) { screen.progress(p); };
  }
  PONDER_ASSIGN(const ThinkAnswer answer, s.think(r));
  if (json)
    write_line(to_json(answer));
  else
    screen.answer(answer, stop_flag(), a.model.verbose);
  return {};
}

}  // namespace

Run add_think(CLI::App& app) {
  auto a = std::make_shared<ThinkArgs>();
  a->add(app);
  a->decode.add(app);
  std::string names;
  for (const std::string& name : think_methods()) names += (names.empty() ? "" : ", ") + name;
  app.add_option("--method", a->think.methods,
                 "methods to run instead of the portfolio, in this order and in even shares of the "
                 "budget, as "
                 "name:key=value,…: " +
                     names)
      ->delimiter(',');
  app.add_option("--beam", a->think.beam, "the widest beam")->check(CLI::Range(1, 4096));
  app.add_option("--drafts", a->think.drafts,
                 "replies drawn besides the first one, as starts of chains")
      ->check(CLI::Range(0, 1024));
  app.add_flag(
      "--any-length", a->any_length,
      "replies of any length count (default: of at least two thirds of the first reply's tokens)");
  app.add_option("--patience", a->patience,
                 "end it after so much without a likelier reply, e.g. 3s or 2000t");
  app.add_flag(
      "--color", a->colour,
      "colour each token by its probability, even where output is no terminal or NO_COLOR is set");
  app.footer(
      "The first reply is the ordinary one, of up to 512 tokens unless --max-length says "
      "otherwise; it is owed "
      "whatever "
      "the budget. The search looks at replies of two thirds of its length and more (see "
      "--any-length; --min-length "
      "and --target fixed say otherwise, too), up to one and a half times its length and 40 tokens "
      "at least; a "
      "likelier one that is shorter is shown as \"also\". The prompt counts towards the budget. "
      "Settings: "
      "draft:replies, beam:width, smc:particles,alpha,ess,ramp, anneal:chains,slice, "
      "hmc:chains,steps,angle,force, "
      "hmc-token:chains,steps,step,force, ascent:chains,steps,rate, ascent-noise:alpha,steps,rate. "
      "JSON field "
      "\"trace\": the best log p known, by seconds and TFE after the prompt, at each likelier "
      "reply and at the end.\n"
      "Examples:\n  ponder think -p 'What is the sum of 14 and 8?'\n  ponder think -p 'Name a "
      "river in London.' "
      "--budget 30s --json");
  return [a]() -> Result<int> {
    // A bad budget, patience or method is told before the model is loaded.
    PONDER_ASSIGN(const Budget budget, a->budget.budget());
    PONDER_ASSIGN(const ThinkRequest request, think_request(*a, budget));
    return answer_requests(*a, [&](Session& s, PromptRequest prompt, bool json) {
      return think_one(*a, request, s, std::move(prompt), json);
    });
  };
}

}  // namespace ponder::app
