// ponder design: DNA sequences for a fitness, drawn in proportion to exp(fitness / tau), or the best ones: its flags.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "designer.h"
#include "out_file.h"

namespace ponder::app {
namespace {

int run_design(const DesignArgs& a) {
  if (!a.out.empty()) {
    if (!is_fasta(a.out) && !a.out.ends_with(".jsonl") && !a.out.ends_with(".nc"))
      fail({Code::kInvalid, "a file name that ends in .fa, .fasta, .fna, .jsonl or .nc", a.out, "--out", ""});
    if (a.out.ends_with(".nc") && (a.method != "sample" || !a.score.empty()))
      fail({Code::kInvalid, "--method sample for a trace", a.method, "--out", "use .fa or .jsonl"});
    must(check_out(a.out, "--out", a.force));
  }
  Designer designer(a);
  for (const std::string& w : designer.warnings()) std::fprintf(stderr, "ponder: warning: %s\n", w.c_str());
  const Outcome o = designer.run();
  if (!a.out.empty()) write_designs(a, o, designer.start());
  print_designs(a, o, designer.start());
  return 0;
}

}  // namespace

Run add_design(CLI::App& app) {
  auto a = std::make_shared<DesignArgs>();
  app.add_option("--fitness", a->fitness,
                 "terms with weights, and constraints (docs/dna.md): a JSON file, or the text itself")
      ->required();
  app.add_option("--length", a->length, "letters of a design")->check(CLI::Range(1, 100000));
  app.add_option("--start", a->start, "FASTA file: the sequence that edits are counted from (its first record)");
  app.add_option("--score", a->score, "FASTA file: no designs, the fitness of these sequences, all of one length");
  app.add_option("-n,--n", a->n, "designs")->check(CLI::Range(1, 1000000));
  app.add_option("--max-edits", a->max_edits, "most positions that differ from the start")->check(CLI::Range(0, 65535));
  app.add_option(
         "--method", a->method,
         "sample: in proportion to exp(fitness/tau); the best: anneal, ascent, straight-through, neighbours, exact")
      ->check(CLI::IsMember({"sample", "anneal", "ascent", "straight-through", "neighbours", "exact"}));
  app.add_option("--kernel", a->kernel,
                 "what moves the chains: gwg, pafs, dmala, gibbs, hmc-token:force=1, exchange+gwg, …");
  app.add_option("--tau", a->tau, "temperature of the fitness")->check(CLI::Range(1e-6, 1e6));
  app.add_option("--chains", a->chains, "chains side by side")->check(CLI::Range(1, 100000));
  app.add_option("--warmup", a->warmup, "steps before the first draw")->check(CLI::Range(0, 100000000));
  app.add_option("--thin", a->thin, "steps a draw")->check(CLI::Range(1, 1000000));
  app.add_option("--steps", a->steps,
                 "steps of ascent, or of annealing at each of 12 temperatures; 300, or as many as --budget holds")
      ->check(CLI::Range(1, 100000000));
  app.add_option("--held-out", a->held_out, "oracle that only judges the designs");
  app.add_option("-s,--seed", a->seed, "seed of the draws");
  app.add_option("-t,--threads", a->threads, "threads of oracles and language models")->check(CLI::Range(1, 1024));
  app.add_option("--out", a->out, "file of the designs: .fa, .fasta, .fna, .jsonl, or .nc (the trace, for ArviZ)");
  app.add_flag("--force", a->force, "replace the file of --out if it exists");
  app.add_flag("--json", a->json, "print one JSON object");
  a->budget.add(app);
  app.footer(
      "Examples:\n  ponder design --fitness "
      "'{\"terms\":[{\"kind\":\"gc\",\"target\":0.5,\"deviation\":0.1}],\"forbidden\":[\"GAATTC\"]}' "
      "--length 40 --n 20 --tau 0.5\n"
      "  ponder design --fitness '{\"terms\":[{\"kind\":\"avoid\",\"sites\":[\"CG\"]}],\"max_homopolymer\":3}' "
      "--length 40 --n 5 "
      "--method anneal --out designs.fa");
  return [a] { return run_design(*a); };
}

}  // namespace ponder::app
