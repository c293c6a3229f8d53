// ponder sample: draws from the model's own law, or its power, by Markov chains.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/core/files.h"
#include "requests.h"
#include "sample_print.h"
#include "terms.h"

namespace ponder::app {
namespace {

struct SampleArgs : RequestArgs {
  LawArgs law;
  BudgetArgs budget{""};
  TermArgs terms;
  SampleRequest request;  // only its numbers are set here; the rest is made from the other options
  std::string out;
  bool force = false, verify = false;
};

Status write_draws(const SampleAnswer& a, const TextModel& text) {
  if (a.file.empty()) return {};
  return a.file.ends_with(".nc") ? write_netcdf(labelled_trace(a), a.file)
                                 : replace_file(a.file, draws_jsonl(a, text));
}

Status sample_one(const SampleArgs& a, SampleRequest r, Session& s, PromptRequest prompt,
                  bool json) {
  r.prompt = std::move(prompt);
  SampleAnswer answer;
  {
    SampleProgress progress(r);
    if (!json) r.progress = [&](const Chains& c, double seconds) { progress.show(c, seconds); };
    PONDER_ASSIGN(answer, s.sample(r));
  }
  answer.file = a.out;
  PONDER_TRY(write_draws(answer, s.text()));
  if (json)
    write_line(to_json(answer));
  else
    print_sample(answer);
  return {};
}

Result<int> verify_law(const SampleArgs& a, SampleRequest r) {
  PONDER_ASSIGN(r.prompt, a.prompt.request());
  PONDER_ASSIGN(const auto session, open_session(a.model));
  work_begins();
  PONDER_ASSIGN(const VerifyAnswer answer, session->verify(r));
  if (a.json())
    write_line(to_json(answer, r));
  else
    print_verify(answer, r);
  return answer.passed ? 0 : 1;
}

Status check_sample_args(const SampleArgs& a) {
  if (!a.out.empty() && !a.out.ends_with(".nc") && !a.out.ends_with(".jsonl"))
    return Error{Code::kInvalid, "a file name that ends in .nc or .jsonl", a.out, "--out", ""};
  if (!a.out.empty() && !a.lines.input.empty())
    return Error{Code::kInvalid, "--out with one prompt", "--input", "command line",
                 "run each prompt by itself"};
  if (a.request.resume && a.out.empty())
    return Error{Code::kInvalid, "--resume with the --out of the run that goes on", "no --out",
                 "command line", ""};
  if (!a.out.empty())
    for (const std::string& file : {a.out, a.out + ".checkpoint"})
      PONDER_TRY(check_out(file, "--out", a.force || a.request.resume, true));
  // A wrong kernel is reported before the model is loaded.
  return KernelSpec::parse(a.request.kernel).status();
}

Result<int> run_sample(const SampleArgs& a) {
  PONDER_TRY(check_sample_args(a));
  SampleRequest r = a.request;
  r.law = a.law.request();
  PONDER_ASSIGN(r.terms, a.terms.request());
  PONDER_ASSIGN(r.budget, a.budget.budget());
  if (!a.out.empty()) r.checkpoint = a.out + ".checkpoint";
  if (a.verify) return verify_law(a, std::move(r));
  return answer_requests(a, [&](Session& s, PromptRequest prompt, bool json) {
    return sample_one(a, r, s, std::move(prompt), json);
  });
}

}  // namespace

Run add_sample(CLI::App& app) {
  auto a = std::make_shared<SampleArgs>();
  a->add(app);
  a->law.add(app);
  a->terms.add(app);
  a->budget.add(app);
  app.add_option("--alpha", a->request.alpha, "the power of the probability: 1 is the model itself")
      ->check(CLI::Range(1e-3, 1e3));
  app.add_option(
      "--kernel", a->request.kernel,
      "kernel that moves the chains, as name:key=value,…: suffix, slice, hmc, hmc-token, "
      "gibbs, insert-delete, dmala, "
      "gwg, pafs, csmc, exchange; a cycle as suffix+gibbs*3");
  app.add_option("--chains", a->request.chains.chains, "number of chains")
      ->check(CLI::Range(1, 100000));
  app.add_option("--draws", a->request.draws, "draws to keep from each chain")
      ->check(CLI::Range(1, 100000000));
  app.add_option("--warmup", a->request.chains.warmup, "steps before the first draw")
      ->check(CLI::Range(0, 100000000));
  app.add_option("--thin", a->request.chains.thin, "steps for each draw")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--rungs", a->request.rungs,
                 "replicas of each chain, from alpha 1 to --alpha, for the kernel exchange")
      ->check(CLI::Range(2, 100));
  app.add_option("-s,--seed", a->request.chains.seed, "seed of the draws");
  app.add_option(
      "--out", a->out,
      "file for the draws: .nc (NetCDF, for ArviZ) or .jsonl; a checkpoint is written beside it");
  app.add_flag("--resume", a->request.resume,
               "go on from the checkpoint of --out, with more --draws if wanted");
  app.add_flag("--force", a->force, "replace the files of an earlier run at --out")
      ->excludes("--resume");
  app.add_flag("--verify", a->verify,
               "compare the chains on this model with enumeration, for few ids and short replies");
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise. A verdict is given on "
      "R-hat (1.01) and ESS "
      "(100 a chain) of log p and length.\n"
      "Examples:\n  ponder sample -p 'Name a river in London.' --alpha 4 --draws 20 --warmup 10\n"
      "  ponder sample -p 'Is water wet?' --kernel suffix:tries=2+gibbs --term forbid:hard:Yes "
      "--draws 10 --warmup 5 "
      "--json");
  return [a] { return run_sample(*a); };
}

}  // namespace ponder::app
