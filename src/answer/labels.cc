// The spellings of a question, sorted, are a walk through a tree: each one's nearest beginning
// among the others stands above it. What goes on from a spelling of its own label is dropped; what
// goes on from another label's is taken off that one.
#include "ponder/answer/labels.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "base/infinity.h"
#include "base/log_sum_exp.h"
#include "base/passes.h"

namespace ponder {
namespace {

struct Sequence {
  std::size_t question, label;
  std::vector<Token> tokens;
  std::optional<std::size_t> above{};  // of the kept ones: the longest that begins it
  std::vector<double> logprobs{};      // (n_tokens) nats
};

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

Status check_names(const std::vector<SpelledLabel>& labels) {
  if (labels.empty()) return invalid("at least one label", "none", "labels");
  std::set<std::string> names;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string where = "label " + std::to_string(i);
    if (labels[i].name.empty()) return invalid("a label with a name", "an empty one", where);
    if (labels[i].spellings.empty())
      return invalid("a label that the tokenizer can spell", "no spelling",
                     "label " + quoted(labels[i].name));
    if (!names.insert(labels[i].name).second)
      return invalid("labels that differ", quoted(labels[i].name) + " twice", where,
                     "leave one of them out");
  }
  return {};
}

Status check_spelling(const CausalDensity& d, int depth, const std::vector<Token>& tokens,
                      const std::string& where) {
  if (tokens.empty()) return invalid("a spelling of at least one token", "an empty one", where);
  for (const Token v : tokens)
    if (v < 0 || v >= d.n_vocab())
      return invalid("token ids from 0 to " + std::to_string(d.n_vocab() - 1), std::to_string(v),
                     where);
  const std::size_t n = static_cast<std::size_t>(depth) + tokens.size();
  if (n > static_cast<std::size_t>(d.n_ctx()))
    return invalid("a text and label of at most " + std::to_string(d.n_ctx()) + " tokens",
                   std::to_string(n), where, "shorten them, or raise -c/--ctx-size");
  return {};
}

// Token strings of all spellings. One that ends is one for each end token.
Result<std::vector<Sequence>> sequences_of(const CausalDensity& d, std::size_t question,
                                           const LabelsQuestion& q) {
  PONDER_TRY(check_names(q.labels));
  const int depth = q.context.depth();
  std::vector<Sequence> all;
  for (std::size_t i = 0; i < q.labels.size(); ++i)
    for (const LabelSpelling& s : q.labels[i].spellings) {
      PONDER_TRY(check_spelling(d, depth, s.tokens, "label " + quoted(q.labels[i].name)));
      if (!s.ends) {
        all.push_back({.question = question, .label = i, .tokens = s.tokens});
        continue;
      }
      for (const Token end : d.end_tokens()) {
        all.push_back({.question = question, .label = i, .tokens = s.tokens});
        all.back().tokens.push_back(end);
        PONDER_TRY(check_spelling(d, depth, all.back().tokens,
                                  "label " + quoted(q.labels[i].name) + " and its end"));
      }
    }
  return all;
}

bool begins(const std::vector<Token>& prefix, const std::vector<Token>& tokens) {
  return prefix.size() <= tokens.size() && std::equal(prefix.begin(), prefix.end(), tokens.begin());
}

// Those that count, sorted; `above` is an index into them.
Result<std::vector<Sequence>> kept_of(std::vector<Sequence> all,
                                      const std::vector<SpelledLabel>& labels) {
  std::sort(all.begin(), all.end(), [](const Sequence& a, const Sequence& b) {
    return a.tokens != b.tokens ? a.tokens < b.tokens : a.label < b.label;
  });
  std::vector<Sequence> kept;
  std::vector<std::size_t> open;  // the kept ones that begin the last one, shortest first
  for (Sequence& s : all) {
    while (!open.empty() && !begins(kept[open.back()].tokens, s.tokens)) open.pop_back();
    if (!open.empty()) {
      const Sequence& above = kept[open.back()];
      if (above.label == s.label) continue;
      if (above.tokens.size() == s.tokens.size())
        return invalid("labels with different spellings",
                       quoted(labels[above.label].name) + " and " + quoted(labels[s.label].name) +
                           " with the same tokens",
                       "labels", "leave one of them out, or call it otherwise");
      s.above = open.back();
    }
    open.push_back(kept.size());
    kept.push_back(std::move(s));
  }
  return kept;
}

double sum_from(const std::vector<double>& x, std::size_t begin) {
  double sum = 0;
  for (std::size_t i = begin; i < x.size(); ++i) sum += x[i];
  return sum;
}

// Scores a pass. Returns false where it failed as a whole, which a smaller pass may not.
bool score(CausalDensity& d, std::span<const LabelsQuestion> questions,
           std::span<Sequence* const> pass, std::vector<Result<LabelMasses>>& out) {
  std::vector<Extend> batch;
  batch.reserve(pass.size());
  for (const Sequence* s : pass)
    batch.push_back(
        {.parent = questions[s->question].context, .tokens = s->tokens, .rows = RowSet::kTargets});
  Rows rows;
  const Status done = d.extend(batch, rows);
  const bool whole =
      !done.ok() && done.error().code != Code::kInvalid && done.error().code != Code::kCancelled;
  if (whole && pass.size() > 1) return false;
  for (std::size_t r = 0; r < pass.size(); ++r) {
    Sequence& s = *pass[r];
    if (!rows.status[r].ok()) {
      out[s.question] = rows.status[r].error();
      continue;
    }
    for (const Row& row : rows.of(r)) s.logprobs.push_back(row.logprob);
  }
  return true;
}

// The mass of a label: of each of its spellings what no other label's spelling goes on from.
Result<LabelMasses> masses(const std::vector<Sequence>& kept, std::size_t n_labels) {
  std::vector<double> taken(kept.size(), 0);  // share of a spelling's mass that other labels have
  for (const Sequence& s : kept)
    if (s.above) taken[*s.above] += std::exp(sum_from(s.logprobs, kept[*s.above].tokens.size()));
  std::vector<std::vector<double>> terms(n_labels);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const double left = taken[i] < 1 ? std::log1p(-taken[i]) : -kInf;
    terms[kept[i].label].push_back(sum_from(kept[i].logprobs, 0) + left);
  }
  LabelMasses m;
  for (const auto& t : terms) m.log_masses.push_back(log_sum_exp(t));
  const double all = log_sum_exp(m.log_masses);
  if (!(all > -kInf))
    return Error{Code::kNumeric, "a label with a probability above 0", "none", "labels", ""};
  for (const double l : m.log_masses) m.probabilities.push_back(std::exp(l - all));
  m.mass = std::min(1., std::exp(all));
  return m;
}

}  // namespace

std::vector<Result<LabelMasses>> label_masses(CausalDensity& d,
                                              std::span<const LabelsQuestion> questions) {
  std::vector<Result<LabelMasses>> out(questions.size(), LabelMasses());
  std::vector<std::vector<Sequence>> kept(questions.size());
  std::vector<Sequence*> work;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto all = sequences_of(d, i, questions[i]);
    if (all.ok()) all = kept_of(std::move(*all), questions[i].labels);
    if (!all.ok()) {
      out[i] = all.error();
      continue;
    }
    kept[i] = std::move(*all);
    for (Sequence& s : kept[i]) work.push_back(&s);
  }
  in_passes(
      std::span<Sequence* const>(work),
      [](std::span<Sequence* const>, const Sequence* next) { return next->tokens.size(); },
      [&](std::span<Sequence* const> pass) { return score(d, questions, pass, out); });
  for (std::size_t i = 0; i < questions.size(); ++i)
    if (out[i].ok()) out[i] = masses(kept[i], questions[i].labels.size());
  return out;
}

}  // namespace ponder
