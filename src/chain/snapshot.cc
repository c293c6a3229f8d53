// Turns a snapshot of chains into a checkpoint of flat arrays of numbers, and back. Names of
// columns are not stored, since they follow from the energy.
#include "chain/checkpoint.h"
#include "ponder/chains/chains.h"

namespace ponder {
namespace {

using Ints = std::vector<std::int64_t>;
using Doubles = std::vector<double>;
using Tokens = std::vector<std::int32_t>;

Ints flat(std::span<const MoveCounts> moves) {
  Ints out;
  for (const MoveCounts& m : moves) {
    out.insert(out.end(), {m.n, m.n_accepted, m.n_numeric});
    for (const auto* counts : {&m.at, &m.by_replica}) {
      out.push_back(static_cast<std::int64_t>(counts->size()));
      for (const auto& c : *counts) out.insert(out.end(), {c.n, c.n_accepted});
    }
  }
  return out;
}

// Reads numbers one after another; `good` becomes false where there are too few.
template <class T>
struct Reader {
  std::span<const T> left;
  bool good = true;
  T next() {
    if (left.empty()) return good = false, T{};
    const T x = left.front();
    left = left.subspan(1);
    return x;
  }
  std::vector<T> next(std::size_t n) {
    if (n > left.size()) return good = false, std::vector<T>{};
    std::vector<T> out(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(n));
    left = left.subspan(n);
    return out;
  }
};

void read_moves(const Ints& flat, std::vector<MoveCounts>& moves, bool& good) {
  Reader<std::int64_t> in{flat};
  while (in.good && !in.left.empty()) {
    MoveCounts& m = moves.emplace_back();
    m.n = in.next();
    m.n_accepted = in.next();
    m.n_numeric = in.next();
    for (auto* counts : {&m.at, &m.by_replica}) {
      counts->resize(std::min<std::size_t>(static_cast<std::size_t>(in.next()), in.left.size()));
      for (auto& c : *counts) {
        c.n = in.next();
        c.n_accepted = in.next();
      }
    }
  }
  good &= in.good;
}

template <class T>
const T* find(const Checkpoint& c, const std::string& name) {
  const auto it = c.arrays.find(name);
  return it == c.arrays.end() ? nullptr : std::get_if<T>(&it->second);
}

// The columns of a group, (columns, chains, draws).
void read_columns(const Doubles& flat, std::size_t n_chains, std::size_t n_draws,
                  std::vector<Column>& out, bool& good) {
  Reader<double> in{flat};
  const std::size_t size = n_chains * n_draws, n = size ? flat.size() / size : 0;
  for (std::size_t k = 0; k < n; ++k) {
    Column& column = out.emplace_back();
    for (std::size_t c = 0; c < n_chains; ++c) column.chains.push_back(in.next(n_draws));
  }
  good &= in.good && in.left.empty();
}

void read_replies(const Tokens& tokens, const Tokens& lengths, std::size_t n_chains, Trace& out,
                  bool& good) {
  Reader<std::int32_t> in{tokens}, sizes{lengths};
  const std::size_t n_draws = n_chains ? lengths.size() / n_chains : 0;
  out.replies.resize(n_chains);
  for (auto& chain : out.replies)
    for (std::size_t d = 0; d < n_draws; ++d)
      chain.push_back(in.next(static_cast<std::size_t>(sizes.next())));
  good &= in.good && sizes.good && in.left.empty() && sizes.left.empty();
}

Doubles flat(std::span<const Column> columns) {
  Doubles out;
  for (const Column& c : columns)
    for (const auto& chain : c.chains) out.insert(out.end(), chain.begin(), chain.end());
  return out;
}

}  // namespace

Status write_snapshot(const ChainsSnapshot& s, const std::string& config, const std::string& path) {
  Checkpoint c{.step = s.step, .config_hash = sha256(config), .replies = s.replies};
  Doubles averages;
  for (const auto& a : s.averages)
    averages.insert(averages.end(),
                    {a.start, a.shortfall, a.mean_log_step, static_cast<double>(a.n)});
  Tokens tokens, lengths;
  for (const auto& chain : s.trace.replies)
    for (const auto& reply : chain) {
      tokens.insert(tokens.end(), reply.begin(), reply.end());
      lengths.push_back(static_cast<std::int32_t>(reply.size()));
    }
  c.arrays = {{"averages", averages},
              {"acceptance", s.acceptance},
              {"moves", flat(s.moves)},
              {"tokens", tokens},
              {"lengths", lengths},
              {"posterior", flat(s.trace.posterior)},
              {"sample_stats", flat(s.trace.sample_stats)}};
  return write_checkpoint(c, path);
}

Result<ChainsSnapshot> read_snapshot(const std::string& path, const std::string& config) {
  PONDER_ASSIGN(const Checkpoint c, read_checkpoint(path, sha256(config)));
  const auto *averages = find<Doubles>(c, "averages"), *acceptance = find<Doubles>(c, "acceptance"),
             *posterior = find<Doubles>(c, "posterior"), *stats = find<Doubles>(c, "sample_stats");
  const auto *tokens = find<Tokens>(c, "tokens"), *lengths = find<Tokens>(c, "lengths");
  const auto* moves = find<Ints>(c, "moves");
  bool good = averages && acceptance && posterior && stats && tokens && lengths && moves;
  ChainsSnapshot s{.step = c.step, .replies = c.replies};
  if (good) {
    Reader<double> in{*averages};
    while (in.good && !in.left.empty())
      s.averages.push_back({in.next(), in.next(), in.next(), static_cast<int>(in.next())});
    good &= in.good;
    s.acceptance = *acceptance;
    read_moves(*moves, s.moves, good);
    const std::size_t n_chains = acceptance->size(),
                      n_draws = n_chains ? lengths->size() / n_chains : 0;
    read_replies(*tokens, *lengths, n_chains, s.trace, good);
    read_columns(*posterior, n_chains, n_draws, s.trace.posterior, good);
    read_columns(*stats, n_chains, n_draws, s.trace.sample_stats, good);
  }
  if (!good)
    return Error{Code::kInvalid, "the chains of a run", "arrays that do not fit together", path,
                 ""};
  return s;
}

}  // namespace ponder
