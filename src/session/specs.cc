// Parses the texts of options: budgets, terms, length priors, and settings of methods.
#include "ponder/session/specs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "ponder/core/spelling.h"
#include "session/terms.h"

namespace ponder {
namespace {

struct Kind {
  const char* name;
  bool provable;
};
constexpr Kind kKinds[] = {{"canonical", true},        {"copy", true},
                           {"forbid", true},           {"frozen", true},
                           {"keyword", true},          {"repetition", true},
                           {"reply-to-prompt", false}, {"self-verification", false}};

bool is_provable(const std::string& name) {
  return std::any_of(std::begin(kKinds), std::end(kKinds),
                     [&](const Kind& k) { return k.name == name && k.provable; });
}

Result<LengthPrior> parse_length_prior(const std::string& text) {
  LengthPrior p;
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) {
    if (read_number(text, p.per_token)) return p;
  } else if (read_number(text.substr(0, comma), p.mean) &&
             read_number(text.substr(comma + 1), p.deviation) && p.deviation > 0) {
    return p;
  }
  return Error{Code::kInvalid, "nats a token, or MEAN,DEVIATION in tokens", "'" + text + "'",
               "--length-prior", ""};
}

}  // namespace

bool read_number(const std::string& s, double& out) {
  char* end = nullptr;
  out = std::strtod(s.c_str(), &end);
  return !s.empty() && *end == '\0' && std::isfinite(out);
}

Error bad_term(const std::string& expected, const std::string& got, const std::string& hint) {
  return {Code::kInvalid, expected, got, "--term", hint};
}

Result<Budget> parse_budget(std::string_view text, const std::string& where) {
  constexpr double kMinute = 60;
  Budget b;
  if (text.empty()) return b;
  bool timed = false, counted = false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string part(text.substr(at, end - at));
    char* rest = nullptr;
    const double n = std::strtod(part.c_str(), &rest);
    const std::string unit = rest;
    const bool number = rest != part.c_str() && n >= 0 && std::isfinite(n);
    if (number && unit == "t" && !counted) {
      b.tokens = static_cast<std::int64_t>(std::min(n, 9e18));
      counted = true;
    } else if (number && (unit.empty() || unit == "s" || unit == "m") && !timed) {
      b.seconds = unit == "m" ? kMinute * n : n;
      timed = true;
    } else {
      return Error{Code::kInvalid,
                   "a budget as 10 or 10s (seconds), 1m (minutes), 5000t (tokens), or 10s,5000t",
                   "'" + std::string(text) + "'", where, ""};
    }
    at = end + 1;
  }
  return b;
}

std::vector<std::string> join_settings(const std::vector<std::string>& pieces) {
  std::vector<std::string> methods;
  for (const std::string& p : pieces) {
    if (!methods.empty() && p.find('=') < p.find(':'))
      methods.back() += "," + p;
    else
      methods.push_back(p);
  }
  return methods;
}

std::vector<std::string> term_names(bool provable) {
  std::vector<std::string> all;
  for (const Kind& k : kKinds)
    if (k.provable || !provable) all.emplace_back(k.name);
  return all;
}

Result<TermSpec> TermSpec::parse(const std::string& text) {
  TermSpec t;
  const std::size_t first = text.find(':'),
                    second = first == std::string::npos ? first : text.find(':', first + 1);
  t.name = text.substr(0, first);
  if (first == std::string::npos)
    return bad_term("a term as name:weight or name:weight:argument", "'" + text + "'");
  const std::string weight =
      text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (second != std::string::npos) t.argument = text.substr(second + 1);
  t.hard = weight == "hard";
  if (!t.hard && !read_number(weight, t.weight))
    return bad_term("a weight in nats, or 'hard'", "'" + weight + "'", "in " + text);
  const auto names = term_names(false);
  if (std::find(names.begin(), names.end(), t.name) == names.end())
    return bad_term(fmt::format("one of {}", fmt::join(names, " ")), "'" + t.name + "'",
                    did_you_mean(t.name, names, 4));
  return t;
}

Result<TermsRequest> TermsRequest::parse(const std::vector<std::string>& terms,
                                         const std::string& length_prior) {
  TermsRequest r;
  r.text = length_prior;
  for (const std::string& text : terms) {
    PONDER_ASSIGN(TermSpec t, TermSpec::parse(text));
    r.terms.push_back(std::move(t));
    r.text += "\n" + text;
  }
  if (!length_prior.empty()) {
    PONDER_ASSIGN(r.length_prior, parse_length_prior(length_prior));
  }
  return r;
}

std::string TermsRequest::label() const {
  std::string all = text;
  for (const GivenTerm& g : given)
    if (g.term) all += fmt::format("\n{}:{}", g.term->name(), g.weight);
  return all;
}

Status check_provable(const TermsRequest& r) {
  for (const TermSpec& t : r.terms)
    if (!is_provable(t.name))
      return bad_term(
          fmt::format("a term with a bound for proofs: {}", fmt::join(term_names(true), ", ")),
          t.name,
          "the model must read a whole reply before it judges it, so nothing is known of replies "
          "that "
          "begin alike; ponder sample takes it");
  return {};
}

}  // namespace ponder
