// How far can the gradient be trusted? Rank correlation (Spearman) between the first-order estimate
// of changing one token of a reply and the exact change of log p, on greedy and on drawn replies to
// eight questions: when the whole token is changed, and when a part of its weight is moved.
// docs/gradient.md.
//   first_order MODEL.gguf
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "ponder/energy/relaxation.h"
#include "ponder/model/chat.h"
#include "ponder/model/model.h"
#include "ponder/search/decode.h"

namespace {

using namespace ponder;

constexpr const char* kQuestions[] = {
    "What is the capital of France?",
    "What is the largest animal on Earth?",
    "Who was the first person to walk on the Moon?",
    "A pen costs 2 dollars and a notebook costs 5 dollars. How many dollars do 3 "
    "pens and 1 notebook cost?",
    "Explain in one sentence why the sky looks blue during the day.",
    "Why does ice float on water? Give a one-sentence answer.",
    "Write three numbered steps for making a cup of tea.",
    "Write a haiku about rain."};
constexpr int kHorizon = 16;  // tokens
// candidates a position: the most likely ones, and as many drawn uniformly
constexpr int kHalf = 3;
constexpr std::array<double, 3> kFractions{0.01, 0.1,
                                           // parts of a token's weight that move to the candidate
                                           1};

double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const auto ranks = [](const std::vector<double>& x) {  // centred; ties share their mean rank
    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(),
              [&x](std::size_t i, std::size_t j) { return x[i] < x[j]; });
    std::vector<double> rank(x.size());
    for (std::size_t i = 0, end = 0; i < order.size(); i = end) {
      while (end < order.size() && x[order[end]] == x[order[i]]) ++end;
      for (std::size_t k = i; k < end; ++k)
        rank[order[k]] = (static_cast<double>(i + end) - static_cast<double>(x.size())) / 2;
    }
    return rank;
  };
  const std::vector<double> ra = ranks(a), rb = ranks(b);
  const double ab = std::inner_product(ra.begin(), ra.end(), rb.begin(), 0.);
  return ab / std::sqrt(std::inner_product(ra.begin(), ra.end(), ra.begin(), 0.) *
                        std::inner_product(rb.begin(), rb.end(), rb.begin(), 0.));
}

/// Changes of the relaxed log p, nats, over positions and candidates of one kind, each divided by
/// the weight that moves.
struct Changes {
  // the exact change when that weight moves from the token to the candidate
  std::array<std::vector<double>, kFractions.size()> exact;
  // the first-order estimate; the estimate by the token's own row
  std::vector<double> estimate, row;
};

/// Candidates of every position: likely ones, then uniform ones, without end tokens. (n, 2 kHalf)
std::vector<Token> candidates(const CausalDensity& d, const std::vector<Token>& x,
                              const Rows& rows) {
  std::vector<Token> all;
  unsigned state = 1;
  for (std::size_t t = 0; t < x.size(); ++t) {
    const std::vector<float>& logits = rows.rows[t].logits;
    std::vector<Token> others;
    for (Token v = 0; v < d.n_vocab(); ++v)
      if (v != x[t] && !d.is_end(v)) others.push_back(v);
    std::partial_sort(others.begin(), others.begin() + kHalf, others.end(),
                      [&logits](Token a, Token b) { return logits[a] > logits[b]; });
    all.insert(all.end(), others.begin(), others.begin() + kHalf);
    for (int j = 0; j < kHalf; ++j) {
      state = state * 1664525u + 1013904223u;
      all.push_back(others[(state >> 8) % others.size()]);
    }
  }
  return all;
}

/// Adds the changes of one token at every position except that of the end token.
Status add_changes(CausalDensity& d, const PrefixRef& root, const ReplyLaw& law, const Reply& reply,
                   Changes& likely, Changes& uniform) {
  const auto score = make_language_score(d, root, law);
  const std::vector<Token>& x = reply.tokens;
  const Extend ask{.parent = root,
                   .tokens = x,
                   .rows = RowSet::kTargets,
                   .needs = {.draw = {.kind = Draw::Kind::kRow}}};
  Rows rows;
  PONDER_TRY(d.extend({&ask, 1}, rows));
  const std::vector<Token> others = candidates(d, x, rows);
  constexpr int kM = 1 + 2 * kHalf;
  PONDER_ASSIGN(const std::vector<double> estimate, first_order(*score, x, others, kM - 1));

  std::vector<Token> mixture;  // (n, kM): the token itself, then its candidates
  std::vector<float> one_hot;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (i % (kM - 1) == 0) mixture.push_back(x[i / (kM - 1)]);
    mixture.push_back(others[i]);
  }
  for (std::size_t i = 0; i < mixture.size(); ++i) one_hot.push_back(i % kM == 0 ? 1 : 0);
  const std::size_t n = x.size() - (reply.ended ? 1 : 0);
  for (std::size_t t = 0; t < n; ++t) {
    std::vector<std::vector<float>> weights{one_hot};
    for (const double fraction : kFractions)
      for (int j = 1; j < kM; ++j) {
        std::vector<float>& w = weights.emplace_back(one_hot);
        w[t * kM] = static_cast<float>(1 - fraction);
        w[t * kM + j] = static_cast<float>(fraction);
      }
    std::vector<SoftPoint> points;
    for (const auto& w : weights) points.push_back({mixture, w, kM});
    std::vector<SoftValue> f;
    PONDER_TRY(score->evaluate(points, f));
    const std::vector<float>& logits = rows.rows[t].logits;
    for (int j = 1; j < kM; ++j) {
      Changes& c = j <= kHalf ? likely : uniform;
      for (std::size_t k = 0; k < kFractions.size(); ++k)
        c.exact[k].push_back((f[k * (kM - 1) + j].value - f[0].value) / kFractions[k]);
      c.estimate.push_back(estimate[t * (kM - 1) + j - 1]);
      c.row.push_back(static_cast<double>(logits[mixture[t * kM + j]]) - logits[x[t]]);
    }
  }
  return {};
}

std::vector<double> minus(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> c = a;
  for (std::size_t i = 0; i < c.size(); ++i) c[i] -= b[i];
  return c;
}

/// Prints means over replies.
void print(const char* reply, const char* kind, const std::vector<Changes>& all) {
  for (std::size_t k = 0; k < kFractions.size(); ++k) {
    double estimate = 0, row = 0, later = 0;
    std::size_t n = 0;
    const auto replies = static_cast<double>(all.size());
    for (const Changes& c : all) {
      estimate += spearman(c.estimate, c.exact[k]) / replies;
      row += spearman(c.row, c.exact[k]) / replies;
      later += spearman(minus(c.estimate, c.row), minus(c.exact[k], c.row)) / replies;
      n += c.row.size();
    }
    std::printf("%-7s %-10s %6.2f %8zu  %8.2f  %9.2f  %12.2f\n", reply, kind, kFractions[k], n,
                estimate, row, later);
  }
}

Status run(const std::string& path) {
  PONDER_ASSIGN(auto file, GgufFile::open(path));
  PONDER_ASSIGN(auto tokenizer, Tokenizer::from_gguf(file));
  PONDER_ASSIGN(auto model, Model::load(file, {.precision = Precision::kF32}));
  PONDER_ASSIGN(auto density,
                LanguageDensity::make(
                    model, {.n_ctx = 0, .kv_bytes = 0, .end_tokens = tokenizer->end_tokens()}));
  PONDER_ASSIGN(auto source, file->get_string("tokenizer.chat_template"));
  PONDER_ASSIGN(auto chat, ChatTemplate::parse(source));
  PONDER_ASSIGN(auto law, ReplyLaw::make({.target = Target::kTruncated, .horizon = kHorizon},
                                         density->n_vocab(), density->end_tokens()));
  std::printf("Spearman's rho with the exact change, mean over replies\n");
  std::printf("reply   candidates weight  changes  estimate  row alone  later tokens\n");
  for (const double temperature : {0., 1.}) {
    std::vector<Changes> likely, uniform;
    for (const char* question : kQuestions) {
      PONDER_ASSIGN(auto prompt, chat->render({{"user", question}}, {}));
      const auto ids =
          tokenizer->encode(prompt.text, {.parse_special = true, .literal = prompt.literal});
      PONDER_ASSIGN(const PrefixRef root, density->add_context(ids));
      PONDER_ASSIGN(auto drawn,
                    decode(*density, root, law, {.temperature = temperature, .seed = 1}, 1, {}));
      if (drawn[0].tokens.size() < 4) continue;  // too short to rank
      PONDER_TRY(add_changes(*density, root, law, drawn[0], likely.emplace_back(),
                             uniform.emplace_back()));
    }
    print(temperature > 0 ? "drawn" : "greedy", "likely", likely);
    print(temperature > 0 ? "drawn" : "greedy", "uniform", uniform);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: first_order MODEL.gguf\n");
    return 2;
  }
  if (const auto status = run(argv[1]); !status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
