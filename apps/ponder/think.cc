// ponder think: first reply to likelier reply, with the proof where there is one. How it looks: think_print.h.
#include "ponder/think.h"

#include <CLI/CLI.hpp>

#include "output.h"
#include "ponder/notes.h"
#include "prefill.h"
#include "search_args.h"
#include "think_print.h"

namespace ponder::app {
namespace {

struct Args : SearchArgs {
  DecodeArgs decode;
  ThinkConfig think;
  std::string patience;
  bool colour = false, any_length = false;
};

// Commas part methods as well as the settings of one: what has no name before its `=` goes on with the one before.
std::vector<std::string> join_settings(const std::vector<std::string>& pieces) {
  std::vector<std::string> methods;
  for (const std::string& p : pieces) {
    if (!methods.empty() && p.find('=') < p.find(':'))
      methods.back() += "," + p;
    else
      methods.push_back(p);
  }
  return methods;
}

ThinkConfig config_of(const Args& a) {
  ThinkConfig c = a.think;
  c.first = a.decode.config;
  c.methods = join_settings(a.think.methods);
  must(check_methods(c.methods));
  c.best_first.batch = a.batch;
  const Budget patience = parse_budget(a.patience, "--patience");
  c.patience_seconds = patience.seconds;
  c.patience_tokens = patience.tokens;
  return c;
}

// Of each token of a reply, nats.
std::vector<double> logprobs(Engine& e, const PrefixRef& context, const ReplyLaw& law,
                             const std::vector<Token>& reply) {
  const Extend ask{.parent = context, .tokens = reply, .rows = RowSet::kTargets, .masks = law.masks(reply.size())};
  Rows rows;
  must(e.density->extend({&ask, 1}, rows));
  std::vector<double> out;
  for (const Row& r : rows.rows) out.push_back(r.logprob);
  return out;
}

void write_json(const Args& a, const Engine& e, const ReplyLaw& law, const ThinkAnswer& answer) {
  const ThinkResult& r = answer.result;
  Json j = reply_json(r.best, e.text);
  add_run(j, e, law, answer.cost, answer.seconds, a.decode.config.seed);
  j["first"] = reply_json(r.first, e.text);
  j["gain"] = r.gain ? Json(*r.gain) : Json(nullptr);
  j["also"] = r.also ? reply_json(*r.also, e.text) : Json(nullptr);
  if (r.also) j["also"]["proved"] = r.also_proved;
  j["methods"] = Json::array();
  for (const ThinkMethod& m : r.methods) {
    j["methods"].push_back(
        {{"name", m.name}, {"best", m.found ? Json(m.best) : Json(nullptr)}, {"cost", cost_json(m.cost, m.seconds)}});
    if (m.gap) j["methods"].back()["gap"] = *m.gap;
  }
  j["certificate"] = certificate_json(r.certificate);
  j["trace"] = Json::array();
  for (const ThinkPoint& p : r.trace)
    j["trace"].push_back({{"seconds", p.seconds}, {"tfe", p.tokens}, {"logprob", p.logprob}});
  j["notes"] = answer.notes;
  write_line(j);
}

// The law of the first reply, and what the search makes of it (`c`). A user's own idea of length leaves no room for
// like lengths.
ReplyLaw law_of(const Args& a, const Prompt& prompt, const Engine& e, ThinkConfig& c) {
  const bool fixed = a.law.length != 0;
  c.like_lengths = !a.any_length && !fixed && a.law.min_length == 0;
  c.fit_horizon = a.law.horizon == 0 && !fixed;
  return a.law.law(kReplyTokens, static_cast<int>(prompt.ids.size()), *e.density);
}

void think_one(const Args& a, Engine& e, const Prompt& prompt, bool json) {
  ThinkConfig c = config_of(a);
  const ReplyLaw law = law_of(a, prompt, e, c);
  const Prefill prefill(e, prompt.ids, a.budget.budget());
  const Budget budget = prefill.rest();
  c.best_first.slack = rounding_error(e);
  const bool colour = !json && colour_output(a.colour);
  ThinkScreen screen(e.text, budget, colour);
  if (!json) {
    c.on_first_token = [&](TokenProb v) { screen.first_token(v); };
    c.on_first = [&](const Reply& r) { screen.first_done(r); };
    c.progress = [&](const ThinkProgress& p) { screen.progress(p); };
  }
  const ThinkResult r = must(think(*e.density, prefill.context(), law, c, budget));
  ThinkAnswer answer{.result = r,
                     .notes = notes(r, *e.text.tokenizer, prompt.question),
                     .cost = prefill.cost(),
                     .seconds = prefill.seconds(),
                     .stopped = stop_flag()};
  answer.notes.insert(answer.notes.begin(), prompt.notes.begin(), prompt.notes.end());
  if (json) return write_json(a, e, law, answer);
  if (colour) answer.best_logprobs = logprobs(e, prefill.context(), law, r.best.tokens);
  screen.answer(answer, a.model.verbose);
}

}  // namespace

Run add_think(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->add(app);
  a->decode.add(app);
  std::string names;
  for (const std::string& name : think_methods()) names += (names.empty() ? "" : ", ") + name;
  app.add_option("--method", a->think.methods,
                 "methods to run instead of the portfolio, in this order and in even shares of the budget, as "
                 "name:key=value,…: " +
                     names)
      ->delimiter(',');
  app.add_option("--beam", a->think.beam, "the widest beam")->check(CLI::Range(1, 4096));
  app.add_option("--drafts", a->think.drafts, "replies drawn besides the first one, as starts of chains")
      ->check(CLI::Range(0, 1024));
  app.add_flag("--any-length", a->any_length,
               "replies of any length count (default: of at least two thirds of the first reply's tokens)");
  app.add_option("--patience", a->patience, "end it after so much without a likelier reply, e.g. 3s or 2000t");
  app.add_flag("--color", a->colour,
               "colour each token by its probability, even where output is no terminal or NO_COLOR is set");
  app.footer(
      "The first reply is the ordinary one, of up to 512 tokens unless --max-length says otherwise; it is owed "
      "whatever "
      "the budget. The search looks at replies of two thirds of its length and more (see --any-length; --min-length "
      "and --target fixed say otherwise, too), up to one and a half times its length and 40 tokens at least; a "
      "likelier one that is shorter is shown as \"also\". The prompt counts towards the budget. Settings: "
      "draft:replies, beam:width, smc:particles,alpha,ess,ramp, anneal:chains,slice, hmc:chains,steps,angle,force, "
      "hmc-token:chains,steps,step,force, ascent:chains,steps,rate, ascent-noise:alpha,steps,rate. JSON field "
      "\"trace\": the best log p known, by seconds and TFE after the prompt, at each likelier reply and at the end.\n"
      "Examples:\n  ponder think -p 'What is the sum of 14 and 8?'\n  ponder think -p 'Name a river in London.' "
      "--budget 30s --json");
  return [a] {
    (void)config_of(*a);  // a bad patience or method is told before the model is loaded
    return run_search(*a, [&](Engine& e, const auto& prompt, bool json) { think_one(*a, e, prompt, json); });
  };
}

}  // namespace ponder::app
