// ponder think: first reply to better reply, with the proof where there is one.
#include "ponder/think.h"

#include <CLI/CLI.hpp>
#include <chrono>

#include "output.h"
#include "search_args.h"
#include "think_print.h"

namespace ponder::app {
namespace {

struct Args : SearchArgs {
  DecodeArgs decode;
  ThinkConfig think;
  std::string patience;
  bool colour = false;
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
std::vector<double> logprobs(Engine& e, Prefix context, const ReplyLaw& law, const std::vector<Token>& reply) {
  const auto masks = law.masks(reply.size());
  const Extend ask{.parent = context, .tokens = reply, .rows = RowSet::kTargets, .masks = masks};
  Rows rows;
  must(e.density->extend({&ask, 1}, rows));
  e.density->release(rows.end[0]);
  std::vector<double> out;
  for (const Row& r : rows.rows) out.push_back(r.logprob);
  return out;
}

void write_json(const Args& a, const Engine& e, const ReplyLaw& law, const ThinkAnswer& answer) {
  const ThinkResult& r = answer.result;
  Json j = reply_json(r.best, e.text);
  add_run(j, e, law, answer.cost, answer.seconds, a.decode.config.seed);
  j["first"] = reply_json(r.first, e.text);
  j["gain"] = r.best.logprob - r.first.logprob;
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
  write_line(j);
}

void think_one(const Args& a, Engine& e, const std::vector<Token>& prompt, bool json) {
  const auto start = std::chrono::steady_clock::now();
  const ReplyLaw law = a.law.law(kSearchHorizon, static_cast<int>(prompt.size()), *e.density);
  const Budget budget = a.budget.budget();
  const Cost before = e.density->cost();
  const int k = must(e.density->add_context(prompt));
  const PrefixRef context = e.density->context(k);
  ThinkConfig c = config_of(a);
  c.best_first.slack = rounding_error(e);
  ThinkResult r;
  {
    ThinkLine line(budget, !json);
    c.progress = [&](const ThinkProgress& p) { line.show(p); };
    r = must(think(*e.density, context, law, c, budget));
  }
  ThinkAnswer answer{.result = r,
                     .cost = e.density->cost() - before,
                     .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                     .stopped = stop_flag()};
  if (json) {
    write_json(a, e, law, answer);
  } else {
    const bool colour = colour_output(a.colour);
    answer.question = a.lines.input.empty() ? a.prompt.content() : "";
    if (colour) {
      answer.first_logprobs = logprobs(e, context, law, r.first.tokens);
      answer.best_logprobs = logprobs(e, context, law, r.best.tokens);
    }
    print_think(answer, e, colour);
  }
  e.density->drop_context(k);
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
  app.add_option("--patience", a->patience, "end it after so much without a better reply, e.g. 3s or 2000t");
  app.add_flag("--color", a->colour, "colour each token by its probability, terminal or not (NO_COLOR: never else)");
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise. Settings: draft:replies, beam:width, "
      "smc:particles,alpha,ess,ramp, anneal:chains,slice, hmc:chains,steps,angle,force, "
      "hmc-token:chains,steps,step,force, ascent:chains,steps,rate, ascent-noise:alpha,steps,rate. JSON field "
      "\"trace\": the best log p known, by seconds and TFE after the prompt, at each better reply and at the end.\n"
      "Examples:\n  ponder think -p 'What is the sum of 14 and 8?'\n  ponder think -p 'Name a river in London.' "
      "--budget 30s --json");
  return [a] {
    (void)config_of(*a);  // a bad patience or method is told before the model is loaded
    return run_search(*a, [&](Engine& e, const auto& prompt, bool json) { think_one(*a, e, prompt, json); });
  };
}

}  // namespace ponder::app
