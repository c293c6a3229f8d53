// ponder sample: draws from the model's own law, or its power, by Markov chains.
#include "sample.h"

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>

#include "io/netcdf.h"
#include "io/replace_file.h"
#include "out_file.h"
#include "output.h"
#include "ponder/decode.h"
#include "search/clock.h"

namespace ponder::app {
namespace {

constexpr int kHorizon = 40;  // tokens, unless --max-length says otherwise

std::vector<Replica> replicas(const SampleArgs& a, const KernelSpec& kernel, const std::vector<double>& beta) {
  if (!kernel.wants_ladder()) return {{.alpha = a.alpha, .beta = beta}};
  // From the model itself, where terms do not count, in even ratios of alpha.
  std::vector<Replica> ladder;
  for (int r = 0; r < a.rungs; ++r) {
    const double share = static_cast<double>(r) / (a.rungs - 1);
    Replica rung{.alpha = std::pow(a.alpha, share), .beta = beta};
    for (double& b : rung.beta) b *= share;
    ladder.push_back(std::move(rung));
  }
  return ladder;
}

// All that must be the same for a run to go on: the draws depend on it.
std::string config_of(const SampleArgs& a, const Engine& e, const std::vector<Token>& prompt, const ReplyLaw& law) {
  Json j{{"version", PONDER_VERSION},
         {"model", e.text.file->sha256()},
         {"precision", static_cast<int>(e.model->info().precision)},
         {"isa", e.model->info().isa},
         {"prompt", prompt},
         {"target", to_string(law.target())},
         {"horizon", law.horizon()},
         {"min_length", law.min_length()},
         {"allowed", law.config().allowed},
         {"alpha", a.alpha},
         {"terms", a.terms.text()},
         {"kernel", a.kernel},
         {"rungs", a.rungs},
         {"chains", a.chains},
         {"warmup", a.warmup},
         {"thin", a.thin},
         {"seed", a.seed}};
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string checkpoint_path(const SampleArgs& a) { return a.out + ".checkpoint"; }

// Saves often enough to lose little, seldom enough to cost a twentieth of the time.
class Saver {
 public:
  Saver(const SampleArgs& a, std::string config) : args_(a), config_(std::move(config)) {}
  void save(const Chains& c, bool now) {
    using Clock = std::chrono::steady_clock;
    if (args_.out.empty() || (!now && Clock::now() < next_)) return;
    const auto start = Clock::now();
    must(write_snapshot(c.snapshot(), config_, checkpoint_path(args_)));
    next_ = Clock::now() + 20 * (Clock::now() - start);
  }

 private:
  const SampleArgs& args_;
  std::string config_;
  std::chrono::steady_clock::time_point next_{};
};

void write_draws(const SampleArgs& a, const Engine& e, const SampleRun& run) {
  Trace t = run.chains.trace();
  if (a.out.ends_with(".nc")) {
    t.attributes = {{"inference_library", "ponder"},
                    {"inference_library_version", PONDER_VERSION},
                    {"model", std::filesystem::path(e.text.file->path()).filename().string()},
                    {"model_sha256", e.text.file->sha256()},
                    {"alpha", a.alpha},
                    {"kernel", a.kernel},
                    {"terms", a.terms.text()},
                    {"target", std::string(to_string(run.law.target()))},
                    {"seed", a.seed},
                    {"sampling_time", run.seconds}};
    return must(write_netcdf(t, a.out));
  }
  std::string lines;
  for (std::size_t d = 0; d < t.replies[0].size(); ++d)
    for (std::size_t c = 0; c < t.replies.size(); ++c) {
      const auto& reply = t.replies[c][d];
      const Json j{{"chain", c},
                   {"draw", d},
                   {"reply", e.text.reply_text(reply)},
                   {"reply_ids", reply},
                   {"logprob", t.posterior[0].chains[c][d]}};
      lines += j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    }
  must(replace_file(a.out, lines));
}

Chains begin(const SampleArgs& a, Sampler& s, const std::string& config, std::vector<Token> first) {
  const ChainsConfig c{.chains = a.chains, .warmup = a.warmup, .thin = a.thin, .seed = a.seed};
  if (!a.resume) return must(Chains::start(s.energy, *s.kernel, c, std::move(first)));
  return must(
      Chains::resume(s.energy, *s.kernel, c, must(read_snapshot(checkpoint_path(a), config)), std::move(first)));
}

void sample_one(const SampleArgs& a, Engine& e, const Prompt& prompt, bool json) {
  const ReplyLaw law = a.law.law(kHorizon, static_cast<int>(prompt.ids.size()), *e.density);
  const Budget budget = a.budget.budget();
  const Clock clock(*e.density, budget);
  const PrefixRef context = must(e.density->add_context(prompt.ids));
  Sampler sampler(a, e, law, context, make_terms(a.terms, e, prompt.ids, prompt.question));
  const auto first = must(decode(*e.density, context, law, {}, 1, budget))[0].tokens;
  const std::string config = config_of(a, e, prompt.ids, law);
  Chains chains = begin(a, sampler, config, first);
  Saver saver(a, config);
  {
    SampleProgress progress(a, !json);
    const std::uint64_t n_steps = a.warmup + static_cast<std::uint64_t>(a.draws) * a.thin;
    while (chains.n_draws() < a.draws && !clock.over()) {
      must(chains.step(n_steps - chains.n_steps()));
      saver.save(chains, false);
      progress.show(chains, clock.seconds());
    }
  }
  saver.save(chains, true);
  if (chains.n_draws() == 0)
    fail({Code::kResource, "at least one draw", "a run that was stopped in its warm-up", "ponder sample",
          a.out.empty() ? "give it more time, or fewer --warmup steps" : "go on with --resume"});
  const SampleRun run{chains, law, clock.cost(), clock.seconds(), chains.n_draws() < a.draws};
  if (!a.out.empty()) write_draws(a, e, run);
  if (json) {
    Json j = sample_json(a, e, run);
    add_notes(j, prompt);
    write_line(j);
  } else {
    print_sample(a, e, run);
  }
}

void check_args(const SampleArgs& a) {
  if (!a.out.empty() && !a.out.ends_with(".nc") && !a.out.ends_with(".jsonl"))
    fail({Code::kInvalid, "a file name that ends in .nc or .jsonl", a.out, "--out", ""});
  if (!a.out.empty() && !a.lines.input.empty())
    fail({Code::kInvalid, "--out with one prompt", "--input", "command line", "run each prompt by itself"});
  if (a.resume && a.out.empty())
    fail({Code::kInvalid, "--resume with the --out of the run that goes on", "no --out", "command line", ""});
  if (!a.out.empty())
    for (const std::string& file : {a.out, checkpoint_path(a)}) check_out(file, "--out", a.force || a.resume, true);
  (void)a.budget.budget();
  (void)must(KernelSpec::parse(a.kernel));  // a wrong one is told before the model is loaded
}

int run_sample(const SampleArgs& a) {
  check_args(a);
  Engine e(a.model);
  if (a.verify) return verify_law(a, e, e.text.prompt(a.prompt).ids);
  if (a.lines.input.empty()) {
    sample_one(a, e, e.text.prompt(a.prompt), a.lines.json || a.lines.jsonl);
    return 0;
  }
  return for_lines(
      a.lines.input, [&](int, const Json& j) { sample_one(a, e, request_prompt(j, e.text, a.prompt.raw), true); },
      [](int n, const std::string& m) { write_line(error_line(n, m)); });
}

}  // namespace

Sampler::Sampler(const SampleArgs& a, Engine& e, const ReplyLaw& law, const PrefixRef& context, Terms terms)
    : spec(must(KernelSpec::parse(a.kernel))),
      energy(must(Energy::make(*e.density, context, law, replicas(a, spec, terms.beta), std::move(terms.terms)))),
      kernel(must(spec.make(energy))) {}

Run add_sample(CLI::App& app) {
  auto a = std::make_shared<SampleArgs>();
  a->model.add(app, true);
  a->prompt.add(app);
  a->lines.add(app);
  a->law.add(app);
  a->terms.add(app);
  a->budget.add(app);
  app.add_option("--alpha", a->alpha, "the power of the probability: 1 is the model itself")
      ->check(CLI::Range(1e-3, 1e3));
  app.add_option(
      "--kernel", a->kernel,
      "what moves the chains, as name:key=value,…: suffix, slice, hmc, hmc-token, gibbs, insert-delete, dmala, "
      "gwg, pafs, csmc, exchange; a cycle as suffix+gibbs*3");
  app.add_option("--chains", a->chains, "chains side by side")->check(CLI::Range(1, 100000));
  app.add_option("--draws", a->draws, "draws kept, of each chain")->check(CLI::Range(1, 100000000));
  app.add_option("--warmup", a->warmup, "steps before the first draw")->check(CLI::Range(0, 100000000));
  app.add_option("--thin", a->thin, "steps a draw")->check(CLI::Range(1, 1000000));
  app.add_option("--rungs", a->rungs, "replicas of a chain, from alpha 1 up, for the kernel exchange")
      ->check(CLI::Range(2, 100));
  app.add_option("-s,--seed", a->seed, "seed of the draws");
  app.add_option("--out", a->out, "file of the draws: .nc (NetCDF, for ArviZ) or .jsonl; a checkpoint lies beside it");
  app.add_flag("--resume", a->resume, "go on from the checkpoint of --out, with more --draws if wanted");
  app.add_flag("--force", a->force, "replace the files of an earlier run at --out")->excludes("--resume");
  app.add_flag("--verify", a->verify, "prove the law on this model: few ids, short replies, against enumeration");
  app.footer(
      "Replies are of up to 40 tokens unless --max-length says otherwise. A verdict is given on R-hat (1.01) and ESS "
      "(100 a chain) of log p and length.\n"
      "Examples:\n  ponder sample -p 'Name a river in London.' --alpha 4 --draws 20 --warmup 10\n"
      "  ponder sample -p 'Is water wet?' --kernel suffix:tries=2+gibbs --term forbid:hard:Yes --draws 10 --warmup 5 "
      "--json");
  return [a] { return run_sample(*a); };
}

}  // namespace ponder::app
