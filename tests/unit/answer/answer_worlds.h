// Random small worlds in which answers have masses that can be added up: a table whose tokens are
// spelled with fragments on which an answer map turns.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "law/toy/enumerate.h"
#include "law/toy/table.h"
#include "must.h"
#include "ponder/answer/posterior.h"

namespace ponder::test {

// A table whose tokens are spelled with fragments on which a map turns, and the truth.
struct AnswerWorld {
  std::unique_ptr<TableDensity> table;
  std::optional<ReplyLaw> law;
  std::shared_ptr<const PrefixMap> map;
  std::vector<std::string> pieces;
  std::map<std::optional<std::string>, double> truth;

  std::string spell(std::span<const Token> tokens) const {
    std::string s;
    for (const Token v : tokens) s += pieces[static_cast<std::size_t>(v)];
    return s;
  }
  Spell speller() const {
    return [this](std::span<const Token> t) { return spell(t); };
  }
  double mass(const std::string& answer) const {
    const auto it = truth.find(answer);
    return it == truth.end() ? 0 : it->second;
  }
  std::pair<std::string, double> best() const {
    std::pair<std::string, double> b{"", 0};
    for (const auto& [a, m] : truth)
      if (a && m > b.second) b = {*a, m};
    return b;
  }
};

// log q of a string of the law: every token by softmax(alpha lp), renormalised over its mask.
inline double log_tempered(TableDensity& d, const ReplyLaw& law, const Reply& r, double alpha) {
  const Extend ask{.parent = d.root(),
                   .tokens = r.tokens,
                   .rows = RowSet::kTargets,
                   .needs = {.alpha = alpha, .lz = true},
                   .masks = law.masks(r.tokens.size())};
  Rows rows;
  EXPECT_TRUE(d.extend({&ask, 1}, rows).ok());
  double log_q = 0;
  for (const Row& row : rows.rows) log_q += alpha * row.logprob - row.lz;
  return log_q;
}

/// `alpha`: of the law whose masses are the truth, 1 over its temperature.
inline std::unique_ptr<AnswerWorld> make_world(std::uint32_t seed, double alpha = 1) {
  static const std::vector<std::string> kMaps{
      "choice:A-C", "yesno", "number", "number:first", "word", "line", "regex:(A|B|yes) "};
  static const std::vector<std::string> kPieces{"A",  "B ", " C)", " ",  "\n",    "yes ",
                                                "no", ". ", "1",   "2 ", " two ", "x"};
  std::mt19937 rng(seed);
  auto w = std::make_unique<AnswerWorld>();
  const int n_vocab = 3 + static_cast<int>(rng() % 3);
  w->table = std::make_unique<TableDensity>(
      TableConfig{.n_vocab = n_vocab, .seed = seed, .peak = 1 + static_cast<double>(rng() % 3)});
  w->map = must(parse_answer_map(kMaps[rng() % kMaps.size()]));
  w->pieces.emplace_back("<end>");
  for (int v = 1; v < n_vocab; ++v) w->pieces.push_back(kPieces[rng() % kPieces.size()]);
  ReplyLawConfig c{.target = static_cast<Target>(rng() % 3),
                   .horizon = 1 + static_cast<int>(rng() % 5)};
  if (rng() % 3 == 0) c.min_length = static_cast<int>(rng() % static_cast<unsigned>(c.horizon + 1));
  const auto law_of = [&](ReplyLawConfig config) {
    return must(ReplyLaw::make(config, n_vocab, w->table->end_tokens()));
  };
  w->law = law_of(c);
  if (c.target == Target::kEnded) c.target = Target::kTruncated;  // what is cut is mass, too
  const ReplyLaw all = law_of(c);
  for (const Reply& r : must(enumerate_replies(*w->table, w->table->root(), all))) {
    const std::string text = w->spell(std::span(r.tokens).first(r.tokens.size() - r.ended));
    const bool whole = r.ended || c.target == Target::kFixed;
    w->truth[whole ? w->map->answer(text) : w->map->read(text).answer] +=
        std::exp(alpha == 1 ? r.logprob : log_tempered(*w->table, all, r, alpha));
  }
  return w;
}

}  // namespace ponder::test
