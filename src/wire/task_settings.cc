// Settings from JSON, with the ranges that the command line has.
#include "wire/task_settings.h"

#include "wire/requests.h"

namespace ponder {
namespace {

constexpr int kMostLength = 1 << 24;  // tokens

}  // namespace

Status read_law(Body& b, int n_vocab, LawRequest& r) {
  std::string target(to_string(r.target));
  PONDER_TRY(b.text("target", target));
  const auto known = parse_target(target);
  if (!known) return b.bad("target", "ended, truncated or fixed");
  r.target = *known;
  PONDER_TRY(b.integer("max_length", 1, kMostLength, r.max_length));
  PONDER_TRY(b.integer("length", 1, kMostLength, r.length));
  PONDER_TRY(b.integer("min_length", 0, kMostLength, r.min_length));
  if (const Json* ids = b.find("allow_ids")) {
    PONDER_ASSIGN(r.allowed, ids_of(*ids, "allow_ids", n_vocab));
  }
  return {};
}

Status read_decode(Body& b, DecodeConfig& c) {
  PONDER_TRY(b.number("temperature", 0, 1000, c.temperature));
  PONDER_TRY(b.number("top_p", 0, 1, c.top_p));
  if (c.top_p == 0) return b.bad("top_p", "a number above 0, up to 1");
  PONDER_TRY(b.integer("top_k", 0, Body::kMostTokens, c.top_k));
  PONDER_TRY(b.number("min_p", 0, 1, c.min_p));
  return b.number("repetition_penalty", 1e-3, 1e3, c.repetition_penalty);
}

Status read_seed(Body& b, std::uint64_t& seed) {
  if (const Json* j = b.find("seed"); j && !j->is_number_unsigned())
    return b.bad("seed", "a whole number from 0");
  return b.seed(seed);
}

Status read_budget(Body& b, const std::string& key, const std::string& usual, Budget& out) {
  const Json* j = b.find(key);
  std::string text = usual;
  if (j && j->is_number()) text = j->dump() + "s";
  if (j && !j->is_number()) PONDER_TRY(b.text(key, text));
  PONDER_ASSIGN(out, parse_budget(text, key));
  return {};
}

Status read_terms(Body& b, TermsRequest& r) {
  std::vector<std::string> terms;
  std::string prior;
  PONDER_TRY(b.texts("terms", terms));
  PONDER_TRY(b.text("length_prior", prior));
  PONDER_ASSIGN(r, TermsRequest::parse(terms, prior));
  return {};
}

Status read_search(Body& b, ThinkRequest& r) {
  PONDER_TRY(b.texts("methods", r.config.methods));
  PONDER_TRY(b.flag("any_length", r.any_length));
  PONDER_TRY(b.flag("answer", r.answer));
  return check_methods(r.config.methods);
}

Status read_think_settings(Body& b, ThinkRequest& r) {
  PONDER_TRY(b.seconds("budget_s", r.budget.seconds));
  PONDER_TRY(b.seconds("patience_s", r.config.patience_seconds));
  return read_search(b, r);
}

Status read_answer(Body& b, AnswerRequest& r) {
  PONDER_TRY(b.text("answer", r.map));
  if (const Json* way = b.find("way")) {
    const auto known = parse_answer_way(way->is_string() ? way->get<std::string>() : "");
    if (!known) return b.bad("way", "auto, options, frame, enumeration or draws");
    r.way = *known;
  }
  PONDER_TRY(b.integer("draws", 1, 4096, r.draws));
  PONDER_TRY(b.number("temperature", 0.01, 100, r.temperature));
  PONDER_TRY(b.flag("distinct", r.distinct));
  return b.number("enough", 0.51, 1, r.enough);
}

}  // namespace ponder
