// Every question is one prompt, or one for each order of its labels, and the same again about the
// neutral text; all of them are scored together, in passes of bounded size.
#include "ponder/session/decide.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "ponder/session.h"
#include "session/decide_prompts.h"

namespace ponder {
namespace {

// One prompt and the labels that may answer it.
struct Ask {
  std::size_t request, question, shift;
  bool neutral;
  Prompt prompt{};
  std::vector<SpelledLabel> labels{};
  Result<LabelMasses> masses = LabelMasses();
};

std::string place(const DecideQuestion& q, std::size_t i) {
  return q.name ? "question \"" + *q.name + "\"" : "question " + std::to_string(i);
}

Error at(Error e, const std::string& where) {
  e.where = e.where.empty() || e.where == where ? where : where + ", " + e.where;
  return e;
}

// The questions with their labels, and what has to be asked for each.
Status prepare(const TextModel& text, const DecideRequest& r, std::size_t index,
               std::vector<DecidedQuestion>& questions, std::vector<Ask>& asks) {
  if (r.questions.empty())
    return Error{Code::kInvalid, "at least one question", "none", "request", ""};
  if (r.orders && !r.listed)
    return Error{Code::kInvalid, "labels that are listed, where they have letters",
                 "orders unlisted", "request", "ask with one of the two"};
  for (std::size_t i = 0; i < r.questions.size(); ++i) {
    const std::string where = place(r.questions[i], i);
    PONDER_ASSIGN(DecideQuestion q, completed(r.questions[i], r.orders, where));
    const std::size_t n_orders = r.orders ? q.labels.size() : 1;
    for (std::size_t k = 0; k < (r.neutral ? 2 : 1) * n_orders; ++k) {
      Ask a{.request = index, .question = i, .shift = k % n_orders, .neutral = k >= n_orders};
      DecideQuestion ordered = q;
      ordered.labels = shifted(q.labels, a.shift);
      auto prompt = question_prompt(text, r, ordered, a.neutral ? &*r.neutral : nullptr);
      if (!prompt.ok()) return at(prompt.error(), where);
      a.prompt = std::move(*prompt);
      a.labels = r.orders ? spelled_letters(text, a.prompt, q.labels.size())
                          : spelled_labels(text, a.prompt, q.labels);
      asks.push_back(std::move(a));
    }
    questions.push_back({.question = std::move(q)});
  }
  return {};
}

// How many prompts at the beginning of `rest` are read together: what bounds the memory. What a
// prompt shares with the one before costs nothing.
std::size_t group_size(std::span<const Ask> rest) {
  constexpr std::size_t kTokens = 8192;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto& ids = rest[i].prompt.ids;
    const auto& before = i > 0 ? rest[i - 1].prompt.ids : std::vector<Token>();
    const auto shared =
        std::mismatch(before.begin(), before.end(), ids.begin(), ids.end()).second - ids.begin();
    tokens += ids.size() - static_cast<std::size_t>(shared);
    if (i > 0 && tokens > kTokens) return i;
  }
  return rest.size();
}

void weigh(Session& s, std::span<Ask> group) {
  std::vector<LabelsQuestion> questions;
  std::vector<Ask*> asked;
  for (Ask& a : group) {
    auto context = s.context(a.prompt.ids);
    if (!context.ok()) {
      a.masses = context.error();
      continue;
    }
    questions.push_back({std::move(*context), a.labels});
    asked.push_back(&a);
  }
  auto masses = label_masses(s.density(), questions);
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->masses = std::move(masses[i]);
}

// Adds an ask's share to the probabilities of labels, and of letters.
void add_share(const Ask& a, double share, std::vector<double>& labels,
               std::vector<double>* letters) {
  const std::size_t n = a.labels.size();
  for (std::size_t k = 0; k < n; ++k) {
    const double p = share * a.masses->probabilities[k];
    labels[(k + a.shift) % n] += p;
    if (letters) (*letters)[k] += p;
  }
}

// p / prior, normalised; p itself where nothing is left.
std::vector<double> divided(const std::vector<double>& p, const std::vector<double>& prior) {
  std::vector<double> q(p.size());
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += q[i] = prior[i] > 0 ? p[i] / prior[i] : 0;
  if (!(sum > 0) || std::isinf(sum)) return p;
  for (double& x : q) x /= sum;
  return q;
}

void describe_score(DecidedQuestion& d) {
  constexpr double kTail = 0.05;
  const auto& levels = d.question.labels;
  double square = 0, below = 0;
  bool has_lower = false, has_upper = false;
  for (std::size_t i = 0; i < levels.size(); ++i) d.mean += d.probabilities[i] * *levels[i].value;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const double v = *levels[i].value, p = d.probabilities[i];
    square += p * (v - d.mean) * (v - d.mean);
    below += p;
    const bool last = i + 1 == levels.size();
    if (!has_lower && (below > kTail || last)) d.lower = v, has_lower = true;
    if (!has_upper && (below >= 1 - kTail || last)) d.upper = v, has_upper = true;
  }
  d.deviation = std::sqrt(square);
}

// What all asks of a question come to.
void conclude(std::span<const Ask> asks, const DecideRequest& r, DecidedQuestion& d) {
  const std::size_t n = d.question.labels.size();
  const double share = r.orders ? 1. / static_cast<double>(n) : 1;
  std::vector<double> p(n, 0), prior(r.neutral ? n : 0, 0);
  if (r.orders) d.letter_bias.assign(n, 0);
  for (const Ask& a : asks) {
    if (a.neutral) {
      add_share(a, share, prior, nullptr);
    } else {
      add_share(a, share, p, r.orders ? &d.letter_bias : nullptr);
      d.mass += share * a.masses->mass;
    }
  }
  d.probabilities = r.neutral ? divided(p, prior) : p;
  d.prior = std::move(prior);
  d.best = static_cast<std::size_t>(
      std::max_element(d.probabilities.begin(), d.probabilities.end()) - d.probabilities.begin());
  if (d.question.kind == DecideKind::kScore) describe_score(d);
}

void note_mass(const DecidedQuestion& d, const std::string& where, DecideAnswer& a) {
  constexpr double kLittle = 0.05;
  if (d.mass < kLittle)
    a.notes.push_back(fmt::format(
        "{}: all labels together have {:.2g} of the probability; the model would have said "
        "something else",
        where, d.mass));
}

}  // namespace

std::vector<Result<DecideAnswer>> Session::decide(std::span<const DecideRequest> requests) {
  std::vector<Result<DecideAnswer>> out(requests.size(), DecideAnswer());
  std::vector<Ask> asks;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::size_t before = asks.size();
    out[i]->model = text_->file().name();
    const Status s = prepare(*text_, requests[i], i, out[i]->questions, asks);
    if (s.ok()) continue;
    asks.erase(asks.begin() + static_cast<std::ptrdiff_t>(before), asks.end());
    out[i] = s.error();
  }
  for (std::span<Ask> rest = asks; !rest.empty();) {
    const std::size_t n = group_size(rest);
    weigh(*this, rest.first(n));
    rest = rest.subspan(n);
  }
  for (std::span<const Ask> rest = asks; !rest.empty();) {
    const Ask& first = rest[0];
    const auto end = std::find_if(rest.begin(), rest.end(), [&](const Ask& a) {
      return a.request != first.request || a.question != first.question;
    });
    const auto of_question = rest.first(static_cast<std::size_t>(end - rest.begin()));
    rest = rest.subspan(of_question.size());
    Result<DecideAnswer>& a = out[first.request];
    const DecideRequest& r = requests[first.request];
    const std::string where = place(r.questions[first.question], first.question);
    for (const Ask& x : of_question) {
      if (!x.masses.ok() && a.ok()) a = at(x.masses.error(), where);
      if (a.ok()) a->input_tokens += static_cast<std::int64_t>(x.prompt.ids.size());
    }
    if (!a.ok()) continue;
    conclude(of_question, r, a->questions[first.question]);
    note_mass(a->questions[first.question], where, *a);
  }
  return out;
}

}  // namespace ponder
