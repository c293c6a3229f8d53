// PassJob: cuts requests into pieces and collects their results.
#include "density/pass_job.h"

#include <algorithm>
#include <iterator>

#include "law/requests.h"

namespace ponder {

Extend piece_of(const Extend& e, const PrefixRef& at, std::size_t begin, std::size_t end) {
  const bool last = end == e.tokens.size();
  Extend piece{.parent = begin == 0 ? e.parent : at,
               .tokens = e.tokens.subspan(begin, end - begin),
               .rows = e.rows,
               .needs = e.needs,
               .account = e.account};
  if (!last)
    piece.rows =
        e.rows == RowSet::kNone || e.rows == RowSet::kLast ? RowSet::kNone : RowSet::kTargets;
  if (e.masks.size() <= 1 || e.rows == RowSet::kLast) {
    piece.masks = e.masks;
  } else {
    const auto first = e.masks.begin() + static_cast<std::ptrdiff_t>(begin);
    piece.masks.assign(first, first + n_rows(piece));
  }
  return piece;
}

bool PassJob::over() const {
  return !status.ok() ||
         std::all_of(states.begin(), states.end(), [](const State& s) { return s.over; });
}

std::size_t PassJob::n_left() const {
  std::size_t n = 0;
  for (std::size_t r = 0; r < states.size(); ++r)
    if (!states[r].over) n += std::max<std::size_t>(requests[r].tokens.size() - states[r].n_fed, 1);
  return n;
}

// Cuts only requests that are longer than a piece, into parts of at least two tokens: a single
// token would count as another kind of cost (decoded, not scored).
std::vector<PassJob::Piece> PassJob::next(std::size_t n_free, std::size_t piece) const {
  std::vector<Piece> out;
  for (std::size_t r = 0; r < states.size(); ++r) {
    if (states[r].over) continue;
    const std::size_t begin = states[r].n_fed, left = requests[r].tokens.size() - begin;
    std::size_t n = left;
    if (std::max<std::size_t>(n, 1) > n_free) {
      if (left <= piece || n_free < 2) break;
      n = left - n_free == 1 ? n_free - 1 : n_free;
      if (n < 2) break;
    }
    out.push_back({r, begin, begin + n});
    n_free -= std::max<std::size_t>(n, 1);
  }
  return out;
}

void PassJob::absorb(const Piece& p, std::size_t i, Rows& rows) {
  State& s = states[p.request];
  s.cost += rows.cost[i];
  if (!rows.status[i].ok()) {
    const Status failed = rows.status[i];
    if (failed.error().code != Code::kInvalid) return fail(failed.error());
    s = {.over = true, .cost = s.cost, .status = failed};
    return;
  }
  const auto got = rows.of(i);
  s.rows.insert(s.rows.end(), std::make_move_iterator(got.begin()),
                std::make_move_iterator(got.end()));
  s.at = std::move(rows.end[i]);
  s.n_fed = p.end;
  s.over = p.end == requests[p.request].tokens.size();
}

void PassJob::fail(const Error& e) {
  status = e;
  for (State& s : states) s = {.over = true, .cost = s.cost, .status = e};
}

Status PassJob::hand_over(CausalDensity& d, Rows& out) {
  out.start(states.size());
  for (std::size_t r = 0; r < states.size(); ++r) {
    State& s = states[r];
    out.cost[r] = s.cost;
    out.status[r] = s.status;
    out.rows.insert(out.rows.end(), std::make_move_iterator(s.rows.begin()),
                    std::make_move_iterator(s.rows.end()));
    out.first[r + 1] = static_cast<std::uint32_t>(out.rows.size());
    out.end[r] = PrefixRef::share(d, s.at.get());
  }
  return out.first_error();
}

}  // namespace ponder
