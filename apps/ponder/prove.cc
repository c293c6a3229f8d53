// ponder prove: best-first search alone: the most likely replies, proved, or a certified gap, on paper where asked for;
// and the check of such a paper.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <filesystem>

#include "certificate_file.h"
#include "out_file.h"
#include "output.h"
#include "prefill.h"
#include "search_args.h"
#include "search_print.h"
#include "terms.h"
#include "text_column.h"

namespace ponder::app {
namespace {

struct Args : SearchArgs {
  int n_best = 1;
  bool per_length = false;
  TermArgs terms;
  std::string certificate, check;
  bool force = false;
};

std::string precision_of(const Engine& e) { return std::string(to_string(e.model->info().precision)); }

double seconds_since(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}

// (horizon + 1): what a reply of n tokens is worth besides; empty: nothing.
std::vector<double> length_prior(const TermArgs& terms, Engine& e, int horizon) {
  std::vector<double> prior;
  if (terms.length_prior.empty()) return prior;
  const Terms t = make_terms({.terms = {}, .length_prior = terms.length_prior}, e, {}, "");
  const std::vector<Token> any(horizon, 0);
  std::vector<std::span<const Token>> replies;
  for (int n = 0; n <= horizon; ++n) replies.push_back(std::span(any).first(n));
  prior.resize(replies.size());
  must(t.terms[0]->evaluate(replies, prior));
  return prior;
}

// Another model of the same weights in f32 says whether bf16 found the right order. Without memory for it the tie
// stays.
void settle_in_f32(const Args& a, const Engine& e, const std::vector<Token>& prompt, const ReplyLaw& law,
                   const BestFirstConfig& c, BestFirstResult& r) {
  if (precision_of(e) == "f32" || r.rivals.empty() || stop_flag()) return;
  ModelOptions o = a.model.options();
  o.precision = Precision::kF32;
  const auto model = Model::load(e.text.file, o);
  if (!model.ok()) return;
  const auto d = LanguageDensity::make(*model, {.n_ctx = e.density->n_ctx(), .end_tokens = e.density->end_tokens()});
  if (!d.ok()) return;
  if (const auto node = (*d)->add_context(prompt); node.ok()) must(settle(**d, *node, law, c, r));
}

bool by_worth(const BestFirstConfig& c) { return !c.terms.empty() || !c.length_prior.empty(); }

void print_prove(const Args& a, const Engine& e, const BestFirstConfig& c, const BestFirstResult& r, double seconds) {
  std::vector<std::array<std::string, 3>> rows;
  const auto add = [&](std::size_t label, const Reply& x, const std::string& more) {
    rows.push_back({std::to_string(label), one_line(e.text.reply_text(x.tokens)), figures(x) + more});
  };
  for (const LengthBest& b : r.per_length)
    add(b.reply.tokens.size(), b.reply, b.gap > 0 ? fmt::format("   gap {:.2f}", b.gap) : "   proved for its length");
  if (!a.per_length)
    for (std::size_t i = 0; i < r.replies.size(); ++i)
      add(i + 1, r.replies[i], by_worth(c) ? fmt::format("   worth {:.2f}", worth(c, r.replies[i])) : "");
  print_replies(rows);
  print_proof(r.certificate, {r.replies.size(), a.n_best, by_worth(c)}, seconds);
  if (a.n_best > 1) write_column("mass", fmt::format("these hold {:.4f} of the probability", r.certificate.mass_kept));
  flush();
}

Json prove_json(const Args& a, const Engine& e, const BestFirstConfig& c, const BestFirstResult& r, const ReplyLaw& law,
                const Cost& cost, double seconds) {
  // No reply known: an empty one, of probability not known.
  Json j = reply_json(r.replies.empty() ? Reply{} : r.replies[0], e.text);
  if (r.replies.empty()) j["logprob"] = nullptr;
  add_run(j, e, law, cost, seconds, 0);
  j["certificate"] = certificate_json(r.certificate);
  const auto entry = [&](const Reply& x) {
    return Json{{"reply", e.text.reply_text(x.tokens)}, {"reply_ids", x.tokens}, {"logprob", x.logprob}};
  };
  j["n_best"] = Json::array();
  for (const Reply& x : r.replies) {
    j["n_best"].push_back(entry(x));
    if (by_worth(c)) j["n_best"].back()["worth"] = worth(c, x);
  }
  j["mass"] = r.certificate.mass_kept;
  j["tie"] = r.certificate.tie;
  if (!a.per_length) return j;
  j["per_length"] = Json::array();
  for (const LengthBest& b : r.per_length) {
    Json x = entry(b.reply);
    x["gap"] = std::isfinite(b.gap) ? Json(b.gap) : Json(nullptr);
    j["per_length"].push_back(x);
  }
  return j;
}

void prove_one(const Args& a, Engine& e, const Prompt& prompt, bool json) {
  const ReplyLaw law = a.law.law(kSearchHorizon, static_cast<int>(prompt.ids.size()), *e.density);
  const Prefill prefill(e, prompt.ids, a.budget.budget());
  BestFirstConfig c;
  c.n_best = a.n_best;
  c.per_length = a.per_length;
  c.batch = a.batch;
  if (!a.per_length) c.slack = rounding_error(e);
  c.length_prior = length_prior(a.terms, e, law.horizon());
  // The terms that a proof takes ask the model nothing: neither a context nor a question.
  const Terms terms = make_terms({.terms = a.terms.terms, .length_prior = ""}, e, prompt.ids, "");
  for (std::size_t t = 0; t < terms.terms.size(); ++t) c.terms.push_back({terms.terms[t].get(), terms.beta[t]});
  BestFirstResult r = must(best_first(*e.density, prefill.context(), law, c, {}, prefill.rest()));
  settle_in_f32(a, e, prompt.ids, law, c, r);
  const double seconds = prefill.seconds();
  if (!a.certificate.empty() && !r.replies.empty())
    write_certificate(a.certificate, {std::filesystem::path(e.text.file->path()).filename().string(),
                                      e.text.file->sha256(),
                                      precision_of(e),
                                      prompt.ids,
                                      e.density->end_tokens(),
                                      law.config(),
                                      {c.n_best, r.replies, c.length_prior, r.certificate}});
  if (!json) return print_prove(a, e, c, r, seconds);
  Json j = prove_json(a, e, c, r, law, prefill.cost(), seconds);
  add_notes(j, prompt);
  write_line(j);
}

CheckResult check_file(const Args& a, Engine& e, const CertificateFile& f, double tolerance) {
  CheckResult no;
  if (f.model_sha256 != e.text.file->sha256()) no.why = "it is of another model, of sha256 " + f.model_sha256;
  if (f.end_tokens != e.density->end_tokens()) no.why = "its end ids are not those of the model";
  if (!no.why.empty()) return no;
  const auto n = static_cast<std::int64_t>(f.prompt.size()) + f.law.horizon;
  if (n > e.density->n_ctx())
    fail({Code::kInvalid, fmt::format("a context of at least {} tokens", n), std::to_string(e.density->n_ctx()),
          a.check, "raise -c/--ctx-size"});
  const ReplyLaw law = must(ReplyLaw::make(f.law, e.density->n_vocab(), f.end_tokens));
  const Prefill prefill(e, f.prompt, a.budget.budget());
  return must(
      check_certificate(*e.density, prefill.context(), law, f.statement, {.tolerance = tolerance}, prefill.rest()));
}

// Always in f32, whatever the search ran in: what its precision may have changed is the tolerance.
int run_check(Args a) {
  const auto start = std::chrono::steady_clock::now();
  const CertificateFile f = read_certificate(a.check);
  a.model.precision = "f32";
  Engine e(a.model);
  work_begins();
  const double tolerance = f.precision == "f32" ? kErrorF32 : kErrorBF16;
  const CheckResult r = check_file(a, e, f, tolerance);
  if (a.lines.json || a.lines.jsonl) {
    write_line({{"valid", r.valid},
                {"completed", r.completed},
                {"why", r.why},
                {"prefixes", r.n_prefixes},
                {"tolerance", tolerance},
                {"certificate", certificate_json(f.statement.certificate)}});
  } else {
    const Statement& s = f.statement;
    const std::string spent = fmt::format("{} prefixes looked at in f32, tolerance {} nats, {:.1f} s", r.n_prefixes,
                                          tolerance, seconds_since(start));
    if (!r.why.empty())
      write("NOT VALID  " + r.why + "\n");
    else
      write((r.valid ? "valid      " : "UNDECIDED  ") +
            claim_sentence(s.certificate, {s.replies.size(), s.n_best, !s.length_prior.empty()}) + "; " + spent + "\n");
    flush();
  }
  return r.valid ? 0 : 1;
}

void check_args(const Args& a) {
  const auto bad = [](const std::string& expected, const std::string& got) {
    fail({Code::kInvalid, expected, got, "command line", ""});
  };
  a.terms.check_provable();
  if (a.per_length && (a.n_best > 1 || !a.certificate.empty() || !a.terms.empty()))
    bad("--per-length alone", "--n-best, --certificate, --length-prior or --term with it");
  if (!a.certificate.empty() && !a.terms.terms.empty())
    bad("--certificate without terms, of which a certificate says nothing", "--term " + a.terms.terms[0]);
  if (!a.certificate.empty() && !a.lines.input.empty()) bad("--certificate with one prompt", "--input");
  if (!a.certificate.empty()) check_out(a.certificate, "--certificate", a.force);
}

}  // namespace

Run add_prove(CLI::App& app) {
  auto a = std::make_shared<Args>();
  a->add(app);
  a->terms.add(app, true);
  app.add_option("--n-best", a->n_best, "the K most likely replies")->check(CLI::Range(1, 10000));
  app.add_flag("--per-length", a->per_length, "the most likely reply of each length");
  app.add_option("--certificate", a->certificate, "file to write what is proved to, for --check");
  app.add_flag("--force", a->force, "replace the file of an earlier --certificate");
  app.add_option("--check", a->check, "verify a certificate in f32 by plain enumeration; without --budget, to the end");
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise.\n"
      "Examples:\n  ponder prove -p 'What is the capital of France?' --certificate paris.json\n"
      "  ponder prove --check paris.json\n  ponder prove -p 'Is water wet?' --n-best 5 --budget 20s");
  return [a, &app] {
    if (!a->check.empty()) {
      if (app.get_option("--budget")->count() == 0) a->budget.text.clear();
      return run_check(*a);
    }
    check_args(*a);
    return run_search(*a, [&](Engine& e, const auto& prompt, bool json) { prove_one(*a, e, prompt, json); });
  };
}

}  // namespace ponder::app
