// One function a term; the table at the end names them.
#include "terms.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <map>

#include "base/nearest.h"
#include "ponder/terms.h"

namespace ponder::app {
namespace {

struct Request {
  std::string name, argument;
  double weight = 1;
  bool hard = false;  // demanded, instead of a weight
};

[[noreturn]] void bad(const std::string& expected, const std::string& got, const std::string& hint = "") {
  fail({Code::kInvalid, expected, got, "--term", hint});
}

// The whole of a text as a number.
bool read_number(const std::string& s, double& out) {
  char* end = nullptr;
  out = std::strtod(s.c_str(), &end);
  return !s.empty() && *end == '\0' && std::isfinite(out);
}

Request parse(const std::string& text) {
  Request r;
  const std::size_t first = text.find(':'), second = first == std::string::npos ? first : text.find(':', first + 1);
  r.name = text.substr(0, first);
  if (first == std::string::npos) bad("a term as name:weight or name:weight:argument", "'" + text + "'");
  const std::string weight = text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (second != std::string::npos) r.argument = text.substr(second + 1);
  r.hard = weight == "hard";
  if (!r.hard && !read_number(weight, r.weight)) bad("a weight in nats, or 'hard'", "'" + weight + "'", "in " + text);
  return r;
}

int n_gram_of(const Request& r, int usual) {
  if (r.argument.empty()) return usual;
  double n = 0;
  if (!read_number(r.argument, n) || n < 1 || n > 1000 || n != std::floor(n))
    bad("a length of n-grams from 1", "'" + r.argument + "'", "in " + r.name);
  return static_cast<int>(n);
}

void no_hard(const Request& r) {
  if (r.hard) bad("a weight for " + r.name, "'hard'", "keyword, forbid, frozen and canonical may be demanded");
}

// A conversation whose user text has the reply in it, cut there.
struct Frame {
  std::vector<Token> before, after;
};
Frame frame(const Engine& e, const std::string& text) {
  const std::string mark = "\x01REPLY\x01";
  std::string rendered;
  const std::size_t at = text.find(mark);
  if (e.text.has_template())
    e.text.chat({{"user", text}}, &rendered);
  else
    rendered = text + "\n";
  const std::size_t place = rendered.find(mark);
  if (at == std::string::npos || place == std::string::npos)
    bad("a chat template that keeps the text of messages", "one that changes it");
  const auto& t = *e.text.tokenizer;
  Frame f{t.encode(rendered.substr(0, place)), t.encode(rendered.substr(place + mark.size()))};
  if (t.adds_bos() && (f.before.empty() || f.before[0] != *t.bos())) f.before.insert(f.before.begin(), *t.bos());
  return f;
}

struct Maker {
  Engine& engine;
  const std::vector<Token>& prompt;
  const std::string& question;
  Terms& out;

  std::unique_ptr<Term> repetition(const Request& r) {
    no_hard(r);
    return make_repetition_term(n_gram_of(r, 4));
  }
  std::unique_ptr<Term> copy(const Request& r) {
    no_hard(r);
    return make_copy_term(prompt, n_gram_of(r, 4));
  }
  std::unique_ptr<Term> word(const Request& r, bool forbid) {
    if (r.argument.empty()) bad(r.name + ":weight:WORD", "no word");
    const Text& text = engine.text;
    return make_keyword_term({.word = r.argument, .forbid = forbid, .hard = r.hard}, [&text](ReplyTokens x) {
      return text.reply_text({x.begin(), x.end()});
    });
  }
  std::unique_ptr<Term> keyword(const Request& r) { return word(r, false); }
  std::unique_ptr<Term> forbid(const Request& r) { return word(r, true); }
  std::unique_ptr<Term> frozen(const Request& r) {
    const std::size_t equals = r.argument.find('=');
    double begin = 0;
    if (equals == std::string::npos || !read_number(r.argument.substr(0, equals), begin) || begin < 0 ||
        begin > 1 << 24 || begin != std::floor(begin))
      bad("frozen:weight:POSITION=TEXT, positions from 0", "'" + r.argument + "'");
    return make_frozen_term({.begin = static_cast<int>(begin),
                             .tokens = engine.text.tokenizer->encode(r.argument.substr(equals + 1)),
                             .hard = r.hard});
  }
  std::unique_ptr<Term> canonical(const Request& r) {
    const Text& text = engine.text;
    return make_canonical_term([&text](ReplyTokens x) { return text.canonical({x.begin(), x.end()}); }, r.hard);
  }
  Continuation continuation(const std::string& text, const std::string& wanted) {
    Frame f = frame(engine, text);
    return {.context = must(engine.density->add_context(f.before)),
            .bridge = std::move(f.after),
            .wanted = engine.text.tokenizer->encode(wanted)};
  }
  std::unique_ptr<Term> reply_to_prompt(const Request& r) {
    no_hard(r);
    return make_reply_to_prompt_term(*engine.density,
                                     continuation("Write the question that has this answer: \x01REPLY\x01", question));
  }
  std::unique_ptr<Term> self_verification(const Request& r) {
    no_hard(r);
    return make_self_verification_term(
        *engine.density,
        continuation("Question: " + question + "\nAnswer: \x01REPLY\x01\nIs this answer right? Say Yes or No.", "Yes"));
  }
};

// `provable`: its range over replies that begin alike is known (Term::range).
struct Kind {
  std::unique_ptr<Term> (Maker::*make)(const Request&);
  bool provable = true;
};
const std::map<std::string, Kind> kKinds{{"canonical", {&Maker::canonical}},
                                         {"copy", {&Maker::copy}},
                                         {"forbid", {&Maker::forbid}},
                                         {"frozen", {&Maker::frozen}},
                                         {"keyword", {&Maker::keyword}},
                                         {"repetition", {&Maker::repetition}},
                                         {"reply-to-prompt", {&Maker::reply_to_prompt, false}},
                                         {"self-verification", {&Maker::self_verification, false}}};

std::vector<std::string> names(bool provable_only) {
  std::vector<std::string> all;
  for (const auto& [name, kind] : kKinds)
    if (kind.provable || !provable_only) all.push_back(name);
  return all;
}

const Kind& kind_of(const Request& r) {
  const auto it = kKinds.find(r.name);
  if (it != kKinds.end()) return it->second;
  bad(fmt::format("one of {}", fmt::join(names(false), " ")), "'" + r.name + "'",
      did_you_mean(r.name, names(false), 4));
}

LengthPrior length_prior(const std::string& text) {
  LengthPrior p;
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) {
    if (read_number(text, p.per_token)) return p;
  } else if (read_number(text.substr(0, comma), p.mean) && read_number(text.substr(comma + 1), p.deviation) &&
             p.deviation > 0) {
    return p;
  }
  fail({Code::kInvalid, "nats a token, or MEAN,DEVIATION in tokens", "'" + text + "'", "--length-prior", ""});
}

}  // namespace

void TermArgs::add(CLI::App& a, bool proof) {
  a.add_option(
      "--term", terms,
      fmt::format("a preference besides the probability, as name:weight[:argument]: {}; 'hard' for a weight "
                  "demands it{}",
                  fmt::join(names(proof), ", "), proof ? "; others have no bound that a proof could use" : ""));
  a.add_option("--length-prior", length_prior, "nats for each token, or MEAN,DEVIATION of a normal prior in tokens");
}

void TermArgs::check_provable() const {
  for (const std::string& text : terms) {
    const Request r = parse(text);
    if (!kind_of(r).provable)
      bad(fmt::format("a term with a bound for proofs: {}", fmt::join(names(true), ", ")), r.name,
          "the model must read a whole reply before it judges it, so nothing is known of replies that begin alike; "
          "ponder sample takes it");
  }
}

std::string TermArgs::text() const {
  std::string all = length_prior;
  for (const std::string& t : terms) all += "\n" + t;
  return all;
}

Terms make_terms(const TermArgs& a, Engine& e, const std::vector<Token>& prompt, const std::string& question) {
  Terms out;
  Maker maker{e, prompt, question, out};
  if (!a.length_prior.empty()) {
    out.terms.push_back(make_length_term(length_prior(a.length_prior)));
    out.beta.push_back(1);
  }
  for (const std::string& text : a.terms) {
    const Request r = parse(text);
    out.terms.push_back((maker.*kind_of(r).make)(r));
    out.beta.push_back(r.weight);
  }
  return out;
}

}  // namespace ponder::app
