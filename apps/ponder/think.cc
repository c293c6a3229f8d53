// ponder think: first reply to better reply, with the proof where there is one.
#include "ponder/think.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "output.h"
#include "search_args.h"
#include "search_print.h"

namespace ponder::app {
namespace {

struct Args : SearchArgs {
  DecodeArgs decode;
  int beam = 16;
};

void print_think(const ThinkResult& r, const Engine& e, double seconds) {
  const std::string first = one_line(e.text.reply_text(r.first.tokens)),
                    best = one_line(e.text.reply_text(r.best.tokens));
  if (r.best.tokens == r.first.tokens) {
    print_replies({{"first   ", first, figures(r.first)}});
    write(r.certificate.status == Certificate::Status::kOptimal
              ? "        the first reply is already the most probable one\n"
              : "        nothing better was found\n");
  } else {
    const double gain = r.best.logprob - r.first.logprob;
    std::string better = figures(r.best);
    if (gain > 0)
      better += fmt::format("   +{:.2f} nats, {} times as probable", gain, times(gain));
    else
      better += "   the first reply does not end and is no reply";
    print_replies({{"first   ", first, figures(r.first)}, {"better  ", best, better}});
  }
  write(proof_line(r.certificate, seconds) + "\n");
  flush();
}

class Progress {
 public:
  void show(const std::string& method, double best) {
    if (!on_) return;
    std::cerr << fmt::format("\r\x1b[K{}: best log p {:.2f}", method, best) << std::flush;
  }
  ~Progress() {
    if (on_) std::cerr << "\r\x1b[K" << std::flush;
  }

 private:
  bool on_ = isatty(STDERR_FILENO) != 0;
};

void think_one(const Args& a, Engine& e, const std::vector<Token>& prompt, bool json) {
  const auto start = std::chrono::steady_clock::now();
  const ReplyLaw law = a.law.law(kSearchHorizon, static_cast<int>(prompt.size()), *e.density);
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

}  // namespace

Run add_think(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->add(app);
  a->decode.add(app);
  app.add_option("--beam", a->beam, "width of the beam")->check(CLI::Range(1, 4096));
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise.\n"
      "Examples:\n  ponder think -p 'What is the sum of 14 and 8?'\n  ponder think -p 'Name a river in London.' "
      "--budget 30s --json");
  return
      [a] { return run_search(*a, [&](Engine& e, const auto& prompt, bool json) { think_one(*a, e, prompt, json); }); };
}

}  // namespace ponder::app
