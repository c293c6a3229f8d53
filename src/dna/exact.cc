// Dynamic programming over positions: layers of states, each with the best path to it. The
// programme guesses the place where a motif begins, so that the best guess is the best place.
// Forbidden patterns are tracked by a bit for each prefix that the last letters spell (the bitap
// automaton, Baeza-Yates and Gonnet 1992).
#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "ponder/dna/search.h"

namespace ponder::dna {
namespace {

constexpr std::size_t kMostStates = 400'000;  // of a layer
constexpr int kPatternWords = 3, kMostMotifs = 6, kMostEdits = 65535;

// Words of pattern bits; then edits (16 bits) and, a byte each, the progress of each motif: 0 not
// begun, 1 … k forward, k+1 … 2k reverse; done is 255.
using State = std::array<std::uint64_t, kPatternWords + 1>;
struct HashState {
  std::size_t operator()(const State& s) const {
    std::uint64_t h = 0;
    for (std::uint64_t w : s) h = (h ^ w) * 0x9e3779b97f4a7c15ull, h ^= h >> 29;
    return h;
  }
};
constexpr int kDone = 255;
int progress(const State& s, int motif) {
  return static_cast<int>(s[kPatternWords] >> (16 + 8 * motif) & 255);
}
void set_progress(State& s, int motif, int value) {
  s[kPatternWords] &= ~(255ull << (16 + 8 * motif));
  s[kPatternWords] |= static_cast<std::uint64_t>(value) << (16 + 8 * motif);
}
int edits(const State& s) { return static_cast<int>(s[kPatternWords] & 0xffff); }

struct Step {
  std::uint32_t from;
  Token letter;
};
struct StateLayer {
  std::vector<State> states;
  std::vector<double> best;
  std::vector<Step> steps;
};

class Programme {
 public:
  Programme(const Constraints& c, const ExactFitness& f) : c_(c), f_(f) {}
  Result<Design> run();

 private:
  struct Guess {
    State state;
    double gain;
  };
  Status check() const;
  void make_patterns();
  bool feed_patterns(State&, Token) const;
  void feed_motif(std::size_t k, int t, Token v, std::vector<Guess>& guesses) const;
  Status advance(int t, const StateLayer& from, StateLayer& to) const;
  Error stuck(int t) const;
  int n() const { return static_cast<int>(c_.letters.size()); }

  const Constraints& c_;
  const ExactFitness& f_;
  // bits of pattern positions a letter fits
  std::array<std::array<std::uint64_t, kPatternWords>, kLetters> fits_{};
  std::array<std::uint64_t, kPatternWords> first_{}, last_{};
};

Status Programme::check() const {
  const auto bad = [](Code code, const std::string& expected, const std::string& got,
                      const std::string& hint = "") {
    return Error{code, expected, got, "constraints of a design", hint};
  };
  if (c_.max_edits >= 0 && c_.start.size() != c_.letters.size())
    return bad(Code::kInvalid, "a start of " + std::to_string(n()) + " letters for an edit budget",
               std::to_string(c_.start.size()));
  std::size_t bits = 0;
  for (const auto& p : c_.forbidden) bits += p.size();
  if (bits > kPatternWords * 64)
    return bad(Code::kUnsupported, "forbidden patterns of at most 192 letters together",
               std::to_string(bits));
  if (f_.motifs.size() > kMostMotifs)
    return bad(Code::kUnsupported, "at most 6 motifs for the exact optimum",
               std::to_string(f_.motifs.size()));
  for (const auto& m : f_.motifs) {
    if (2 * m.odds.size() >= kDone || static_cast<int>(m.odds.size()) > n())
      return bad(Code::kInvalid, "motifs no longer than the sequence",
                 std::to_string(m.odds.size()) + " positions");
    if (!(m.weight > 0))
      return bad(Code::kUnsupported, "motifs of a weight above 0", std::to_string(m.weight));
  }
  // The most common conflict has its own message.
  for (const auto& p : c_.forbidden)
    for (std::size_t t = 0; t + p.size() <= c_.letters.size(); ++t) {
      bool spelt = true;
      for (std::size_t j = 0; j < p.size(); ++j) spelt = spelt && (c_.letters[t + j] & ~p[j]) == 0;
      if (spelt)
        return bad(Code::kInvalid, "constraints that some sequence keeps",
                   "a forbidden pattern of " + std::to_string(p.size()) +
                       " letters that the fixed letters spell at " + std::to_string(t),
                   "free one of these positions, or allow the pattern");
    }
  return {};
}

void Programme::make_patterns() {
  int bit = 0;
  for (const auto& p : c_.forbidden) {
    for (std::size_t j = 0; j < p.size(); ++j, ++bit) {
      const std::uint64_t one = 1ull << (bit % 64);
      if (j == 0) first_[bit / 64] |= one;
      if (j + 1 == p.size()) last_[bit / 64] |= one;
      for (Token v = 0; v < kLetters; ++v)
        if (p[j] >> v & 1) fits_[v][bit / 64] |= one;
    }
  }
}

// Returns false if the letter completes a forbidden pattern.
bool Programme::feed_patterns(State& s, Token v) const {
  std::uint64_t carry = 0;
  for (int w = 0; w < kPatternWords; ++w) {
    const std::uint64_t next = s[w] >> 63;
    s[w] = ((s[w] << 1 | carry) | first_[w]) & fits_[v][w];
    carry = next;
    if (s[w] & last_[w]) return false;
  }
  return true;
}

// Follows every guess: the motif has begun, begins here on either strand, or begins later.
void Programme::feed_motif(std::size_t k, int t, Token v, std::vector<Guess>& guesses) const {
  const auto& m = f_.motifs[k];
  const int size = static_cast<int>(m.odds.size()), motif = static_cast<int>(k);
  const auto gain = [&](int at, bool reverse) {
    return m.weight * (reverse ? m.odds[size - 1 - at][kLetters - 1 - v] : m.odds[at][v]);
  };
  std::vector<Guess> out;
  for (Guess g : guesses) {
    const int now = progress(g.state, motif);
    const auto move = [&](int at, bool reverse) {  // consumes the motif's position `at`
      Guess next = g;
      next.gain += gain(at, reverse);
      set_progress(next.state, motif, at + 1 == size ? kDone : (reverse ? size : 0) + at + 1);
      out.push_back(next);
    };
    if (now == kDone) {
      out.push_back(g);
    } else if (now > 0) {
      move((now - 1) % size + 1, now > size);
    } else {
      if (t + size < n()) out.push_back(g);
      if (t + size <= n()) {
        move(0, false);
        if (m.strands == Strands::kBoth) move(0, true);
      }
    }
  }
  guesses = std::move(out);
}

Error Programme::stuck(int t) const {
  return {Code::kInvalid, "constraints that some sequence keeps",
          "none: whatever stands before it, no letter may stand at position " + std::to_string(t),
          "constraints of a design", "free positions, forbid less, or allow more edits"};
}

Status Programme::advance(int t, const StateLayer& from, StateLayer& to) const {
  std::unordered_map<State, std::uint32_t, HashState> index;
  std::vector<Guess> guesses;
  for (std::uint32_t i = 0; i < from.states.size(); ++i)
    for (Token v = 0; v < kLetters; ++v) {
      if (!(c_.letters[t] >> v & 1)) continue;
      State s = from.states[i];
      if (!feed_patterns(s, v)) continue;
      if (c_.max_edits >= 0 && c_.start[t] != v) {
        if (edits(s) >= std::min(c_.max_edits, kMostEdits)) continue;
        ++s[kPatternWords];
      }
      guesses.assign(1, {s, f_.letters.empty() ? 0 : f_.letters[t * kLetters + v]});
      for (std::size_t k = 0; k < f_.motifs.size(); ++k) feed_motif(k, t, v, guesses);
      for (const Guess& g : guesses) {
        const double value = from.best[i] + g.gain;
        const auto [at, fresh] =
            index.try_emplace(g.state, static_cast<std::uint32_t>(to.states.size()));
        if (fresh) {
          to.states.push_back(g.state);
          to.best.push_back(value);
          to.steps.push_back({i, v});
        } else if (value > to.best[at->second]) {
          to.best[at->second] = value;
          to.steps[at->second] = {i, v};
        }
      }
      if (to.states.size() > kMostStates)
        return Error{Code::kResource,
                     "at most " + std::to_string(kMostStates) + " states a position", "more",
                     "exact optimum",
                     "use fewer or shorter motifs, a smaller edit budget, or another method"};
    }
  if (to.states.empty()) return stuck(t);
  return {};
}

Result<Design> Programme::run() {
  PONDER_TRY(check());
  make_patterns();
  std::vector<StateLayer> layers(1);
  layers[0].states.push_back({});
  layers[0].best.push_back(0);
  layers[0].steps.push_back({0, 0});
  for (int t = 0; t < n(); ++t) {
    StateLayer next;
    PONDER_TRY(advance(t, layers.back(), next));
    layers.back().states = {};
    layers.push_back(std::move(next));
  }
  const auto best = std::max_element(layers.back().best.begin(), layers.back().best.end());
  Design out{.sequence = Sequence(n()), .fitness = *best};
  auto at = static_cast<std::uint32_t>(best - layers.back().best.begin());
  for (int t = n(); t > 0; --t) {
    out.sequence[t - 1] = layers[t].steps[at].letter;
    at = layers[t].steps[at].from;
  }
  return out;
}

}  // namespace

// In the last layer every motif has begun, since each must begin while there is room for it.
Result<Design> exact_optimum(const Constraints& c, const ExactFitness& f) {
  return Programme(c, f).run();
}

Result<Sequence> draw_allowed(const Constraints& c, const Uniforms& uniform) {
  ExactFitness f;
  for (std::size_t i = 0; i < c.letters.size() * kLetters; ++i) f.letters.push_back(uniform());
  PONDER_ASSIGN(Design d, exact_optimum(c, f));
  return std::move(d.sequence);
}

}  // namespace ponder::dna
