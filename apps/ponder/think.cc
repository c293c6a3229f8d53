// ponder think: first reply to better reply, with the proof where there is one. ponder prove: best-first search alone.
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "output.h"
#include "ponder/think.h"

namespace ponder::app {
namespace {

constexpr int kHorizon = 40;  // tokens, unless --max-length says otherwise

struct Args {
  ModelArgs model;
  PromptArgs prompt;
  LineArgs lines;
  LawArgs law;
  DecodeArgs decode;
  BudgetArgs budget;
  int beam = 16, n_best = 1, batch = 32;
};

std::string format(const char* f, double x) {
  char s[64];
  std::snprintf(s, sizeof s, f, x);
  return s;
}
// e^x in words: "400", "3.2 million", "1e+17".
std::string times(double nats) {
  const double t = std::exp(nats);
  if (!(t < 1e15)) return "e^" + format("%.0f", nats);
  if (t < 10) return format("%.1f", t);
  if (t < 1e6) return format("%.0f", t);
  return t < 1e9 ? format("%.1f million", t / 1e6) : format("%.1f billion", t / 1e9);
}

std::string proof_line(const Certificate& c, const std::string& seconds) {
  const std::string spent = std::to_string(c.expanded) + " prefixes expanded, " + seconds;
  if (c.status == Certificate::Status::kOptimal) {
    std::string claim = "no reply of any length is more probable";
    if (c.claim == Certificate::Claim::kEndedWithinHorizon)
      claim = "no reply of up to " + std::to_string(c.horizon) + " tokens is more probable";
    if (c.claim == Certificate::Claim::kTruncated)
      claim = "no reply cut at " + std::to_string(c.horizon) + " tokens is more probable";
    if (c.claim == Certificate::Claim::kFixed)
      claim = "no reply of exactly " + std::to_string(c.horizon) + " tokens is more probable";
    return "proof   " + claim + "; " + spent;
  }
  if (c.status == Certificate::Status::kGap)
    return "gap     another reply of up to " + std::to_string(c.horizon) + " tokens could be at most " +
           format("%.2f", c.gap) + " nats better (" + times(c.gap) + " times as probable); " + spent;
  return "gap     no reply is known that ends within " + std::to_string(c.horizon) + " tokens; " + spent;
}

// Lines of label, reply and figures; figures stand in one column while replies are short.
void print_replies(const std::vector<std::array<std::string, 3>>& rows) {
  std::size_t width = 0;
  for (const auto& r : rows) width = std::max(width, r[1].size());
  constexpr std::size_t kWidest = 84;
  for (const auto& r : rows) {
    if (width <= kWidest)
      write(r[0] + r[1] + std::string(width - r[1].size() + 3, ' ') + r[2] + "\n");
    else
      write(r[0] + r[1] + "\n        " + r[2] + "\n");
  }
}

std::string figures(const Reply& r) {
  return "log p " + format("%.2f", r.logprob) + "   " + std::to_string(r.tokens.size()) + " tokens" +
         (r.ended ? "" : ", not ended");
}

void print_think(const ThinkResult& r, const Engine& e, double seconds) {
  const std::string first = one_line(e.text.reply_text(r.first.tokens)),
                    best = one_line(e.text.reply_text(r.best.tokens));
  const std::string spent = format("%.1f s", seconds);
  if (r.best.tokens == r.first.tokens) {
    print_replies({{"first   ", first, figures(r.first)}});
    write(r.certificate.status == Certificate::Status::kOptimal
              ? "        the first reply is already the most probable one\n"
              : "        nothing better was found\n");
  } else {
    const double gain = r.best.logprob - r.first.logprob;
    std::string better = figures(r.best);
    if (gain > 0)
      better += "   +" + format("%.2f", gain) + " nats, " + times(gain) + " times as probable";
    else
      better += "   the first reply does not end and is no reply";
    print_replies({{"first   ", first, figures(r.first)}, {"better  ", best, better}});
  }
  write(proof_line(r.certificate, spent) + "\n");
  flush();
}

class Progress {
 public:
  void show(const std::string& method, double best) {
    if (!on_) return;
    std::cerr << "\r\x1b[K" << method << ": best log p " << format("%.2f", best) << std::flush;
  }
  ~Progress() {
    if (on_) std::cerr << "\r\x1b[K" << std::flush;
  }

 private:
  bool on_ = isatty(STDERR_FILENO) != 0;
};

void think_one(const Args& a, Engine& e, const std::vector<Token>& prompt, bool json) {
  const auto start = std::chrono::steady_clock::now();
  const ReplyLaw law = a.law.law(kHorizon, static_cast<int>(prompt.size()), *e.density);
  const Cost before = e.density->cost();
  const int k = must(e.density->add_context(prompt));
  ThinkConfig c;
  c.first = a.decode.config;
  c.beam.width = a.beam;
  c.best_first.batch = a.batch;
  ThinkResult r;
  {
    Progress progress;
    if (!json) {
      c.progress = [&](const std::string& m, const Reply& best) { progress.show(m, best.logprob); };
      c.best_first.progress = [&](const Reply& best, const Certificate&) { progress.show("prove", best.logprob); };
    }
    r = must(think(*e.density, e.density->context(k), law, c, a.budget.budget()));
  }
  e.density->drop_context(k);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!json) return print_think(r, e, seconds);
  Json j = reply_json(r.best, e.text);
  add_run(j, e, law, e.density->cost() - before, seconds, a.decode.config.seed);
  j["first"] = reply_json(r.first, e.text);
  j["gain"] = r.best.logprob - r.first.logprob;
  j["methods"] = Json::array();
  for (const ThinkMethod& m : r.methods)
    j["methods"].push_back(
        {{"name", m.name}, {"best", m.found ? Json(m.best) : Json(nullptr)}, {"cost", cost_json(m.cost, m.seconds)}});
  j["certificate"] = certificate_json(r.certificate);
  write_line(j);
}

void prove_one(const Args& a, Engine& e, const std::vector<Token>& prompt, bool json) {
  const auto start = std::chrono::steady_clock::now();
  const ReplyLaw law = a.law.law(kHorizon, static_cast<int>(prompt.size()), *e.density);
  const Cost before = e.density->cost();
  const int k = must(e.density->add_context(prompt));
  const BestFirstResult r = must(best_first(*e.density, e.density->context(k), law,
                                            {.n_best = a.n_best, .batch = a.batch}, {}, a.budget.budget()));
  e.density->drop_context(k);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!json) {
    std::vector<std::array<std::string, 3>> rows;
    for (std::size_t i = 0; i < r.replies.size(); ++i) {
      std::string label = std::to_string(i + 1);
      rows.push_back({label + std::string(8 - std::min<std::size_t>(label.size(), 7), ' '),
                      one_line(e.text.reply_text(r.replies[i].tokens)), figures(r.replies[i])});
    }
    print_replies(rows);
    write(proof_line(r.certificate, format("%.1f s", seconds)) + "\n");
    if (a.n_best > 1) write("mass    these hold " + format("%.4f", r.certificate.mass_kept) + " of the probability\n");
    return flush();
  }
  // No reply known: an empty one, of probability not known.
  Json j = reply_json(r.replies.empty() ? Reply{} : r.replies[0], e.text);
  if (r.replies.empty()) j["logprob"] = nullptr;
  add_run(j, e, law, e.density->cost() - before, seconds, 0);
  j["certificate"] = certificate_json(r.certificate);
  j["n_best"] = Json::array();
  for (const Reply& x : r.replies)
    j["n_best"].push_back({{"reply", e.text.reply_text(x.tokens)}, {"reply_ids", x.tokens}, {"logprob", x.logprob}});
  j["mass"] = r.certificate.mass_kept;
  write_line(j);
}

template <class F>
Run runner(const std::shared_ptr<Args>& a, const F& one) {
  return [a, one] {
    (void)a->budget.budget();  // a bad budget is told before the model is loaded
    Engine e(a->model);
    if (a->lines.input.empty()) {
      one(*a, e, e.text.prompt(a->prompt), a->lines.json || a->lines.jsonl);
      return 0;
    }
    return for_lines(
        a->lines.input, [&](int, const Json& j) { one(*a, e, request_prompt(j, e.text), true); },
        [](int n, const std::string& m) { write_line(error_line(n, m)); });
  };
}

std::shared_ptr<Args> common(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->lines.add(app);
  a->law.add(app);
  a->budget.add(app);
  app.add_option("--batch", a->batch, "prefixes expanded in one pass of the proof")->check(CLI::Range(1, 4096));
  return a;
}

}  // namespace

Run add_think(CLI::App& app) {
  auto a = common(app);
  a->decode.add(app);
  app.add_option("--beam", a->beam, "width of the beam")->check(CLI::Range(1, 4096));
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise.\n"
      "Examples:\n  ponder think -p 'What is the sum of 14 and 8?'\n  ponder think -p 'Name a river in London.' "
      "--budget 30s --json");
  return runner(a, think_one);
}

Run add_prove(CLI::App& app) {
  auto a = common(app);
  app.add_option("--n-best", a->n_best, "the K most likely replies")->check(CLI::Range(1, 10000));
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise.\n"
      "Examples:\n  ponder prove -p 'What is the capital of France?'\n  ponder prove -p 'Is water wet?' --n-best 5 "
      "--budget 20s");
  return runner(a, prove_one);
}

}  // namespace ponder::app
