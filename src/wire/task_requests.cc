// A request of each task from one JSON object: its prompt as request lines have it, and the
// settings of the command of its name.
#include "ponder/wire.h"
#include "wire/json.h"
#include "wire/task_settings.h"

namespace ponder {
namespace {

constexpr int kMostDraws = 100'000'000, kMostChains = 100'000, kMostThin = 1'000'000;

// A sequence of "start" and "given".
Result<dna::Sequence> sequence_of(const Json& j, const std::string& where) {
  if (!j.is_string()) return invalid("letters of DNA", text_of(j).substr(0, 60), where);
  return dna::parse_dna(j.get<std::string>(), where);
}

Status read_fitness(Body& b, DesignRequest& r) {
  std::string folder;
  r.fitness_source = "fitness";
  PONDER_TRY(b.text("fitness_source", r.fitness_source));
  PONDER_TRY(b.text("folder", folder));
  const Json* fitness = b.find("fitness");
  if (!fitness) return invalid("a fitness", "none", "fitness", "docs/dna.md says what one is");
  PONDER_ASSIGN(r.fitness, parse_fitness(text_of(*fitness), r.fitness_source, folder));
  return {};
}

Status read_sequences(Body& b, DesignRequest& r) {
  if (const Json* start = b.find("start")) {
    PONDER_ASSIGN(r.start, sequence_of(*start, "start"));
  }
  const Json* given = b.find("given");
  if (!given) return {};
  if (!given->is_array() || given->empty()) return b.bad("given", "a list of sequences");
  r.given_file = "given";
  for (std::size_t i = 0; i < given->size(); ++i) {
    PONDER_ASSIGN(auto s, sequence_of((*given)[i], "given, " + std::to_string(i)));
    r.given.push_back({std::to_string(i), std::move(s)});
  }
  return {};
}

Status read_chains(Body& b, DesignRequest& r) {
  std::string method(to_string(r.method));
  PONDER_TRY(b.text("method", method));
  const auto known = parse_design_method(method);
  if (!known)
    return b.bad("method", "sample, anneal, ascent, straight-through, neighbours or exact");
  r.method = *known;
  PONDER_TRY(b.text("kernel", r.kernel));
  PONDER_TRY(b.number("tau", 1e-6, 1e6, r.tau));
  PONDER_TRY(b.integer("chains", 1, kMostChains, r.chains));
  PONDER_TRY(b.integer("warmup", 0, kMostDraws, r.warmup));
  PONDER_TRY(b.integer("thin", 1, kMostThin, r.thin));
  return b.integer("steps", 1, kMostDraws, r.steps);
}

// What every request of a model ends with: its budget, its prompt, and no other field.
template <class Request>
Result<Request> with_prompt(Body& b, int n_vocab, const std::string& usual_budget, Request r) {
  PONDER_TRY(read_budget(b, "budget", usual_budget, r.budget));
  PONDER_ASSIGN(r.prompt, b.prompt(n_vocab));
  PONDER_TRY(b.all_read());
  return r;
}

}  // namespace

Result<GenerateRequest> parse_generate_request(std::string_view json, int n_vocab) {
  constexpr int kMost = 4096;
  PONDER_ASSIGN(Body b, Body::parse(json));
  GenerateRequest r;
  PONDER_TRY(read_law(b, n_vocab, r.law));
  PONDER_TRY(read_decode(b, r.decode));
  PONDER_TRY(read_seed(b, r.decode.seed));
  PONDER_TRY(b.integer("beam", 1, kMost, r.beam));
  PONDER_TRY(b.integer("n", 1, kMost, r.best_of));
  if (r.beam > 0 && r.best_of > 1) return b.bad("n", "1 beside \"beam\"");
  PONDER_TRY(check_best_of(r.best_of, r.decode));
  return with_prompt(b, n_vocab, "", std::move(r));
}

Result<ThinkRequest> parse_think_request(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  ThinkRequest r;
  PONDER_TRY(read_law(b, n_vocab, r.law));
  PONDER_TRY(read_decode(b, r.config.first));
  PONDER_TRY(read_seed(b, r.config.first.seed));
  PONDER_TRY(read_search(b, r));
  PONDER_TRY(b.integer("beam", 1, 4096, r.config.beam));
  PONDER_TRY(b.integer("drafts", 0, 1024, r.config.drafts));
  PONDER_TRY(b.integer("batch", 1, 4096, r.config.best_first.batch));
  Budget patience;
  PONDER_TRY(read_budget(b, "patience", "", patience));
  r.config.patience_seconds = patience.seconds;
  r.config.patience_tokens = patience.tokens;
  return with_prompt(b, n_vocab, "10s", std::move(r));
}

Result<ProveRequest> parse_prove_request(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  ProveRequest r;
  PONDER_TRY(read_law(b, n_vocab, r.law));
  PONDER_TRY(b.integer("n_best", 1, 10000, r.n_best));
  PONDER_TRY(b.flag("per_length", r.per_length));
  PONDER_TRY(b.integer("batch", 1, 4096, r.batch));
  PONDER_TRY(read_terms(b, r.terms));
  PONDER_TRY(check_provable(r.terms));
  PONDER_TRY(b.flag("record", r.record));
  if (r.per_length && (r.n_best > 1 || r.record || !r.terms.empty()))
    return b.bad("per_length", "it without n_best, record, terms and length_prior");
  if (r.record && !r.terms.terms.empty())
    return b.bad("record", "it without terms, of which a certificate says nothing");
  return with_prompt(b, n_vocab, "10s", std::move(r));
}

Result<AnswerRequest> parse_answer_request(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  AnswerRequest r;
  PONDER_TRY(read_law(b, n_vocab, r.law));
  PONDER_TRY(read_answer(b, r));
  PONDER_TRY(read_seed(b, r.seed));
  PONDER_TRY(b.number("risk", 1e-3, 1, r.risk));
  PONDER_TRY(b.flag("record", r.record));
  return with_prompt(b, n_vocab, "30s", std::move(r));
}

Result<SampleRequest> parse_sample_request(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  SampleRequest r;
  PONDER_TRY(read_law(b, n_vocab, r.law));
  PONDER_TRY(read_terms(b, r.terms));
  PONDER_TRY(b.number("alpha", 1e-3, 1e3, r.alpha));
  PONDER_TRY(b.text("kernel", r.kernel));
  PONDER_TRY(KernelSpec::parse(r.kernel).status());
  PONDER_TRY(b.integer("chains", 1, kMostChains, r.chains.chains));
  PONDER_TRY(b.integer("draws", 1, kMostDraws, r.draws));
  PONDER_TRY(b.integer("warmup", 0, kMostDraws, r.chains.warmup));
  PONDER_TRY(b.integer("thin", 1, kMostThin, r.chains.thin));
  PONDER_TRY(b.integer("rungs", 2, 100, r.rungs));
  PONDER_TRY(read_seed(b, r.chains.seed));
  return with_prompt(b, n_vocab, "", std::move(r));
}

Result<LandscapeRequest> parse_landscape_request(std::string_view json, int n_vocab) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  LandscapeRequest r;
  PONDER_TRY(read_law(b, n_vocab, r.law));
  PONDER_TRY(b.number("alpha", 0.01, 1000, r.alpha));
  PONDER_TRY(b.integer("size", 2, 1024, r.size));
  PONDER_TRY(b.integer("seeds", 1, 10000, r.seeds));
  PONDER_TRY(b.integer("points", 3, 1'000'000, r.points));
  PONDER_TRY(read_seed(b, r.seed));
  return with_prompt(b, n_vocab, "", std::move(r));
}

Result<DesignRequest> parse_design_request(std::string_view json) {
  PONDER_ASSIGN(Body b, Body::parse(json));
  DesignRequest r;
  PONDER_TRY(read_fitness(b, r));
  PONDER_TRY(read_sequences(b, r));
  PONDER_TRY(read_chains(b, r));
  PONDER_TRY(b.integer("length", 1, 100'000, r.length));
  PONDER_TRY(b.integer("n", 1, 1'000'000, r.n));
  PONDER_TRY(b.integer("max_edits", 0, 65535, r.max_edits));
  PONDER_TRY(b.text("held_out", r.held_out));
  PONDER_TRY(read_seed(b, r.seed));
  PONDER_TRY(b.integer("threads", 1, 1024, r.threads));
  PONDER_TRY(read_budget(b, "budget", "", r.budget));
  PONDER_TRY(b.all_read());
  return r;
}

}  // namespace ponder
