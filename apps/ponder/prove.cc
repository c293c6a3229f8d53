// ponder prove: best-first search alone: the most likely replies with a proof, or a certified gap,
// and the certificate file if one is asked for; and --check, which verifies such a file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/core/files.h"
#include "search_args.h"
#include "search_print.h"
#include "terms.h"
#include "text_column.h"

namespace ponder::app {
namespace {

struct ProveArgs : SearchArgs {
  int n_best = 1;
  bool per_length = false;
  TermArgs terms;
  std::string certificate, check;
  bool force = false;
};

void print_prove(const ProveAnswer& a) {
  std::vector<std::array<std::string, 3>> rows;
  const auto add = [&](std::size_t label, const SpelledReply& x, const std::string& more) {
    rows.push_back({std::to_string(label), one_line(x.text), figures(x) + more});
  };
  if (a.per_length) {
    for (const auto& x : *a.per_length)
      add(x.tokens.size(), x,
          x.gap > 0 ? fmt::format("   gap {:.2f}", x.gap) : "   proved for its length");
  } else {
    for (std::size_t i = 0; i < a.replies.size(); ++i)
      add(i + 1, a.replies[i],
          a.by_worth ? fmt::format("   worth {:.2f}", a.replies[i].worth) : "");
  }
  print_replies(rows);
  print_proof(a.certificate, {a.replies.size(), a.n_best, a.by_worth}, a.run.seconds);
  if (a.n_best > 1)
    write_column("mass",
                 fmt::format("these hold {:.4f} of the probability", a.certificate.mass_kept));
  flush();
}

Status prove_one(const ProveArgs& a, ProveRequest r, Session& s, PromptRequest prompt, bool json) {
  r.prompt = std::move(prompt);
  PONDER_ASSIGN(const ProveAnswer answer, s.prove(r));
  if (answer.record) PONDER_TRY(replace_file(a.certificate, to_json(*answer.record)));
  if (json)
    write_line(to_json(answer));
  else
    print_prove(answer);
  return {};
}

void print_check(const CheckAnswer& a, double seconds) {
  const CheckResult& r = a.result;
  const Statement& s = a.statement;
  const Proved what{s.replies.size(), s.n_best, !s.length_prior.empty()};
  if (!r.why.empty())
    write("NOT VALID  " + r.why + "\n");
  else
    write(fmt::format("{}{}; {} prefixes looked at in f32, tolerance {} nats, {:.1f} s\n",
                      r.valid ? "valid      " : "UNDECIDED  ", claim_sentence(s.certificate, what),
                      r.n_prefixes, a.tolerance, seconds));
}

// The check always runs in f32, whatever precision the search used. Its tolerance covers what that
// precision may have changed.
Result<int> check_certificate(const ProveArgs& a, const Budget& budget) {
  const auto start = std::chrono::steady_clock::now();
  PONDER_ASSIGN(const std::string text, read_all(a.check));
  CheckRequest r{.where = a.check, .budget = budget};
  PONDER_ASSIGN(r.record, parse_certificate(text, a.check));
  ModelArgs model = a.model;
  model.precision = "f32";
  PONDER_ASSIGN(const auto session, open_session(model));
  work_begins();
  PONDER_ASSIGN(const CheckAnswer answer, session->check(r));
  if (a.json())
    write_line(to_json(answer));
  else
    print_check(answer,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return answer.result.valid ? 0 : 1;
}

Status check_prove_args(const ProveArgs& a) {
  const auto bad = [](const std::string& expected, const std::string& got) {
    return Error{Code::kInvalid, expected, got, "command line", ""};
  };
  if (a.per_length && (a.n_best > 1 || !a.certificate.empty() || !a.terms.empty()))
    return bad("--per-length alone", "--n-best, --certificate, --length-prior or --term with it");
  if (!a.certificate.empty() && !a.terms.terms.empty())
    return bad("--certificate without terms, of which a certificate says nothing",
               "--term " + a.terms.terms[0]);
  if (!a.certificate.empty() && !a.lines.input.empty())
    return bad("--certificate with one prompt", "--input");
  return a.certificate.empty() ? Status() : check_out(a.certificate, "--certificate", a.force);
}

Result<int> run_prove(const ProveArgs& a, const Budget& budget) {
  ProveRequest r{.law = a.law.request(),
                 .n_best = a.n_best,
                 .per_length = a.per_length,
                 .batch = a.batch,
                 .record = !a.certificate.empty(),
                 .budget = budget};
  PONDER_ASSIGN(r.terms, a.terms.request());
  PONDER_TRY(check_provable(r.terms));
  PONDER_TRY(check_prove_args(a));
  return answer_requests(a, [&](Session& s, PromptRequest prompt, bool json) {
    return prove_one(a, r, s, std::move(prompt), json);
  });
}

}  // namespace

Run add_prove(CLI::App& app) {
  auto a = std::make_shared<ProveArgs>();
  a->add(app);
  a->terms.add(app, true);
  app.add_option("--n-best", a->n_best, "the K most likely replies")->check(CLI::Range(1, 10000));
  app.add_flag("--per-length", a->per_length, "the most likely reply of each length");
  app.add_option("--certificate", a->certificate, "file to write the proof to, for --check");
  app.add_flag("--force", a->force, "replace the file of an earlier --certificate");
  app.add_option("--check", a->check,
                 "verify a certificate in f32 by plain enumeration; without --budget, to the end");
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise.\n"
      "Examples:\n  ponder prove -p 'What is the capital of France?' --certificate paris.json\n"
      "  ponder prove --check paris.json\n  ponder prove -p 'Is water wet?' --n-best 5 --budget "
      "20s");
  return [a, &app]() -> Result<int> {
    const bool checks = !a->check.empty();
    if (checks && app.get_option("--budget")->count() == 0) a->budget.text.clear();
    PONDER_ASSIGN(const Budget budget, a->budget.budget());
    return checks ? check_certificate(*a, budget) : run_prove(*a, budget);
  };
}

}  // namespace ponder::app
