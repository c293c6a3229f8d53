// ponder prove: best-first search alone: the most likely replies, proved, or a certified gap.
#include <fmt/format.h>

#include <chrono>

#include "output.h"
#include "search_args.h"
#include "search_print.h"

namespace ponder::app {
namespace {

struct Args : SearchArgs {
  int n_best = 1;
};

void prove_one(const Args& a, Engine& e, const std::vector<Token>& prompt, bool json) {
  const auto start = std::chrono::steady_clock::now();
  const ReplyLaw law = a.law.law(kSearchHorizon, static_cast<int>(prompt.size()), *e.density);
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
    write(proof_line(r.certificate, seconds) + "\n");
    if (a.n_best > 1) write(fmt::format("mass    these hold {:.4f} of the probability\n", r.certificate.mass_kept));
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

}  // namespace

Run add_prove(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->add(app);
  app.add_option("--n-best", a->n_best, "the K most likely replies")->check(CLI::Range(1, 10000));
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise.\n"
      "Examples:\n  ponder prove -p 'What is the capital of France?'\n  ponder prove -p 'Is water wet?' --n-best 5 "
      "--budget 20s");
  return
      [a] { return run_search(*a, [&](Engine& e, const auto& prompt, bool json) { prove_one(*a, e, prompt, json); }); };
}

}  // namespace ponder::app
