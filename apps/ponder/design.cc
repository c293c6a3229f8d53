// ponder design: DNA sequences for a fitness, either drawn in proportion to exp(fitness / tau), or
// the best ones.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "design_print.h"
#include "open_model.h"
#include "out_file.h"
#include "output.h"
#include "ponder/core/files.h"
#include "ponder/wire.h"

namespace ponder::app {
namespace {

struct DesignArgs {
  DesignRequest request;  // only its numbers are set here; the rest is made from the other options
  BudgetArgs budget{""};
  std::string fitness, start, score, out, method = "sample";
  bool json = false, force = false;
};

bool is_fasta(const std::string& path) {
  return path.ends_with(".fa") || path.ends_with(".fasta") || path.ends_with(".fna");
}

Result<std::vector<NamedDna>> read_sequences(const std::string& path) {
  PONDER_ASSIGN(const std::string text, read_all(path));
  PONDER_ASSIGN(auto records, dna::parse_fasta(text, path));
  std::vector<NamedDna> all;
  for (dna::FastaRecord& r : records) {
    PONDER_ASSIGN(dna::Sequence sequence, dna::parse_dna(r.letters, path + ", " + r.name));
    all.push_back({std::move(r.name), std::move(sequence)});
  }
  return all;
}

// `given` is a file name, or the JSON text itself.
Result<FitnessRequest> read_fitness(const std::string& given) {
  const std::size_t first = given.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && given[first] == '{')
    return parse_fitness(given, "--fitness", "");
  PONDER_ASSIGN(const std::string text, read_all(given));
  return parse_fitness(text, given, std::filesystem::path(given).parent_path().string());
}

Status check_design_args(const DesignArgs& a) {
  if (a.out.empty()) return {};
  if (!is_fasta(a.out) && !a.out.ends_with(".jsonl") && !a.out.ends_with(".nc"))
    return Error{Code::kInvalid, "a file name that ends in .fa, .fasta, .fna, .jsonl or .nc", a.out,
                 "--out", ""};
  if (a.out.ends_with(".nc") && (a.method != "sample" || !a.score.empty()))
    return Error{Code::kInvalid, "--method sample for a trace", a.method, "--out",
                 "use .fa or .jsonl"};
  return check_out(a.out, "--out", a.force);
}

Result<DesignRequest> make_request(const DesignArgs& a) {
  DesignRequest r = a.request;
  r.method = parse_design_method(a.method).value_or(DesignMethod::kSample);
  if (!a.start.empty()) {
    PONDER_ASSIGN(auto records, read_sequences(a.start));
    r.start = std::move(records[0].sequence);
  }
  if (!a.score.empty()) {
    PONDER_ASSIGN(r.given, read_sequences(a.score));
  }
  r.given_file = a.score;
  PONDER_ASSIGN(r.fitness, read_fitness(a.fitness));
  r.fitness_source = a.fitness;
  PONDER_ASSIGN(r.budget, a.budget.budget());
  r.on_warning = [](const std::string& w) { std::cerr << "ponder: warning: " << w << "\n"; };
  return r;
}

Status write_designs(const DesignAnswer& a, const std::string& path) {
  if (path.empty()) return {};
  if (path.ends_with(".nc")) return write_netcdf(*a.trace, path);
  return replace_file(path, is_fasta(path) ? fasta_text(a) : designs_jsonl(a));
}

Result<int> run_design(const DesignArgs& a) {
  PONDER_TRY(check_design_args(a));
  PONDER_ASSIGN(const DesignRequest r, make_request(a));
  work_begins();
  PONDER_ASSIGN(const DesignAnswer answer, design(r));
  PONDER_TRY(write_designs(answer, a.out));
  if (a.json)
    write_line(to_json(answer, r));
  else
    print_designs(answer, r, a.out);
  return 0;
}

}  // namespace

Run add_design(CLI::App& app) {
  auto a = std::make_shared<DesignArgs>();
  DesignRequest& r = a->request;
  app.add_option(
         "--fitness", a->fitness,
         "terms with weights, and constraints (docs/dna.md): a JSON file, or the text itself")
      ->required();
  app.add_option("--length", r.length, "letters of a design")->check(CLI::Range(1, 100000));
  app.add_option("--start", a->start,
                 "FASTA file: the sequence that edits are counted from (its first record)");
  app.add_option("--score", a->score,
                 "FASTA file: only score these sequences, which must have one length");
  app.add_option("-n,--n", r.n, "number of designs")->check(CLI::Range(1, 1000000));
  app.add_option("--max-edits", r.max_edits, "most positions that differ from the start")
      ->check(CLI::Range(0, 65535));
  app.add_option("--method", a->method,
                 "sample: in proportion to exp(fitness/tau); the best: anneal, ascent, "
                 "straight-through, neighbours, exact")
      ->check(
          CLI::IsMember({"sample", "anneal", "ascent", "straight-through", "neighbours", "exact"}));
  app.add_option(
      "--kernel", r.kernel,
      "kernel that moves the chains: gwg, pafs, dmala, gibbs, hmc-token:force=1, exchange+gwg, …");
  app.add_option("--tau", r.tau, "temperature of the fitness")->check(CLI::Range(1e-6, 1e6));
  app.add_option("--chains", r.chains, "number of chains")->check(CLI::Range(1, 100000));
  app.add_option("--warmup", r.warmup, "steps before the first draw")
      ->check(CLI::Range(0, 100000000));
  app.add_option("--thin", r.thin, "steps for each draw")->check(CLI::Range(1, 1000000));
  app.add_option("--steps", r.steps,
                 "steps of ascent, or of annealing at each of 12 temperatures; 300, or as many as "
                 "--budget holds")
      ->check(CLI::Range(1, 100000000));
  app.add_option("--held-out", r.held_out, "oracle that only judges the designs");
  app.add_option("-s,--seed", r.seed, "seed of the draws");
  app.add_option("-t,--threads", r.threads, "threads for oracles and language models")
      ->check(CLI::Range(1, 1024));
  app.add_option("--out", a->out,
                 "file for the designs: .fa, .fasta, .fna, .jsonl, or .nc (the trace, for ArviZ)");
  app.add_flag("--force", a->force, "replace the file of --out if it exists");
  app.add_flag("--json", a->json, "print one JSON object");
  a->budget.add(app);
  app.footer(
      "Examples:\n  ponder design --fitness "
      "'{\"terms\":[{\"kind\":\"gc\",\"target\":0.5,\"deviation\":0.1}],\"forbidden\":[\"GAATTC\"]}"
      "' "
      "--length 40 --n 20 --tau 0.5\n"
      "  ponder design --fitness "
      "'{\"terms\":[{\"kind\":\"avoid\",\"sites\":[\"CG\"]}],\"max_homopolymer\":3}' "
      "--length 40 --n 5 "
      "--method anneal --out designs.fa");
  return [a] { return run_design(*a); };
}

}  // namespace ponder::app
