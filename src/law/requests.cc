// Checks of requests, and the functions of Rows and Cost.
#include "law/requests.h"

#include <algorithm>
#include <string>

namespace ponder {

int n_rows(const Extend& e) {
  const int n = static_cast<int>(e.tokens.size());
  switch (e.rows) {
    case RowSet::kNone:
      return 0;
    case RowSet::kTargets:
      return n;
    case RowSet::kLast:
      return 1;
    case RowSet::kAll:
      return n + 1;
  }
  return 0;
}

int first_row(const Extend& e) {
  return e.rows == RowSet::kLast ? static_cast<int>(e.tokens.size()) : 0;
}

Status check_request(const CausalDensity& d, const Extend& e, int depth) {
  const int n = static_cast<int>(e.tokens.size());
  for (Token v : e.tokens)
    if (v < 0 || v >= d.n_vocab())
      return Error{Code::kInvalid, "a token id from 0 to " + std::to_string(d.n_vocab() - 1),
                   std::to_string(v), "Extend::tokens", ""};
  if (depth + n > d.n_ctx())
    return Error{Code::kInvalid, "at most " + std::to_string(d.n_ctx()) + " tokens of context",
                 std::to_string(depth + n), "prompt and reply together",
                 "shorten them or raise the context size"};
  const std::size_t masks = e.masks.size();
  if (masks > 1 && masks != static_cast<std::size_t>(n_rows(e)))
    return Error{Code::kInvalid, "no mask, one, or one a row (" + std::to_string(n_rows(e)) + ")",
                 std::to_string(masks), "Extend::masks", ""};
  for (const TokenMask* m : e.masks)
    if (m && m->n_vocab() != d.n_vocab())
      return Error{Code::kInvalid, "a mask of " + std::to_string(d.n_vocab()) + " ids",
                   std::to_string(m->n_vocab()), "Extend::masks", ""};
  return {};
}

void Rows::start(std::size_t n) {
  rows.clear();
  first.assign(n + 1, 0);
  end.assign(n, PrefixRef());
  cost.assign(n, Cost());
  status.assign(n, Status());
}

Status Rows::fail(std::size_t n, const Error& e) {
  start(n);
  status.assign(n, Status(e));
  return e;
}

Status Rows::first_error() const {
  const auto failed =
      std::find_if(status.begin(), status.end(), [](const Status& s) { return !s.ok(); });
  return failed == status.end() ? Status() : *failed;
}

Cost Rows::total_cost() const {
  Cost sum;
  for (const Cost& c : cost) sum += c;
  return sum;
}

Cost Cost::operator-(const Cost& o) const {
  return {tokens_decoded - o.tokens_decoded, tokens_scored - o.tokens_scored,
          tokens_backward - o.tokens_backward};
}

Cost& Cost::operator+=(const Cost& o) {
  tokens_decoded += o.tokens_decoded;
  tokens_scored += o.tokens_scored;
  tokens_backward += o.tokens_backward;
  return *this;
}

Status CausalDensity::value_and_grad(std::span<const SoftReply>, const Objective&,
                                     const GradientOptions&, std::vector<ReplyGradient>&) {
  return Error{Code::kUnsupported, "a differentiable density", "one without a gradient",
               "value_and_grad", "use a model that runs here"};
}

}  // namespace ponder
