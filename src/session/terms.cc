// Makes the terms of a request: one function per kind of term.
#include "session/terms.h"

#include <cmath>
#include <map>

#include "ponder/energy/terms.h"
#include "session/given_terms.h"

namespace ponder {
namespace {

using Made = Result<std::unique_ptr<Term>>;

Result<int> n_gram_of(const TermSpec& t, int usual) {
  if (t.argument.empty()) return usual;
  double n = 0;
  if (!read_number(t.argument, n) || n < 1 || n > 1000 || n != std::floor(n))
    return bad_term("a length of n-grams from 1", "'" + t.argument + "'", "in " + t.name);
  return static_cast<int>(n);
}

Status no_hard(const TermSpec& t) {
  if (!t.hard) return {};
  return bad_term("a weight for " + t.name, "'hard'",
                  "keyword, forbid, frozen and canonical may be demanded");
}

struct Maker {
  Session& session;
  const Prompt& prompt;

  Made repetition(const TermSpec& t) {
    PONDER_TRY(no_hard(t));
    PONDER_ASSIGN(const int n, n_gram_of(t, 4));
    return make_repetition_term(n);
  }
  Made copy(const TermSpec& t) {
    PONDER_TRY(no_hard(t));
    PONDER_ASSIGN(const int n, n_gram_of(t, 4));
    return make_copy_term(prompt.ids, n);
  }
  Made word(const TermSpec& t) {
    if (t.argument.empty()) return bad_term(t.name + ":weight:WORD", "no word");
    const auto text = session.shared_text();
    return make_keyword_term({.word = t.argument, .forbid = t.name == "forbid", .hard = t.hard},
                             [text](ReplyTokens x) { return text->reply_text(x); });
  }
  Made frozen(const TermSpec& t) {
    constexpr double kMost = 1 << 24;
    const std::size_t equals = t.argument.find('=');
    double begin = 0;
    if (equals == std::string::npos || !read_number(t.argument.substr(0, equals), begin) ||
        begin < 0 || begin > kMost || begin != std::floor(begin))
      return bad_term("frozen:weight:POSITION=TEXT, positions from 0", "'" + t.argument + "'");
    return make_frozen_term(
        {.begin = static_cast<int>(begin),
         .tokens = session.text().tokenizer().encode(t.argument.substr(equals + 1)),
         .hard = t.hard});
  }
  Made canonical(const TermSpec& t) {
    const auto text = session.shared_text();
    return make_canonical_term([text](ReplyTokens x) { return text->canonical(x); }, t.hard);
  }
  Made reply_to_prompt(const TermSpec& t) {
    PONDER_TRY(no_hard(t));
    const std::string text = "Write the question that has this answer: \x01REPLY\x01";
    PONDER_ASSIGN(Continuation c, continuation(text, prompt.question));
    return make_reply_to_prompt_term(session.density(), std::move(c));
  }
  Made self_verification(const TermSpec& t) {
    PONDER_TRY(no_hard(t));
    const std::string text = "Question: " + prompt.question +
                             "\nAnswer: \x01REPLY\x01\nIs this answer right? Say Yes or No.";
    PONDER_ASSIGN(Continuation c, continuation(text, "Yes"));
    return make_self_verification_term(session.density(), std::move(c));
  }
  // Renders a conversation whose user text contains the reply, and cuts it at the reply.
  Result<Continuation> continuation(const std::string& text, const std::string& wanted) {
    const std::string mark = "\x01REPLY\x01";
    const TextModel& model = session.text();
    std::string rendered = text + "\n";
    if (model.has_template()) {
      PONDER_ASSIGN(const Prompt p, model.prompt(Conversation::ask(text)));
      rendered = p.rendered;
    }
    const std::size_t place = rendered.find(mark);
    if (place == std::string::npos)
      return bad_term("a chat template that keeps the text of messages", "one that changes it");
    const Tokenizer& t = model.tokenizer();
    std::vector<Token> before = t.encode(rendered.substr(0, place));
    if (t.adds_bos() && (before.empty() || before[0] != *t.bos()))
      before.insert(before.begin(), *t.bos());
    PONDER_ASSIGN(PrefixRef context, session.density().add_context(before));
    return Continuation{.context = std::move(context),
                        .bridge = t.encode(rendered.substr(place + mark.size())),
                        .wanted = t.encode(wanted)};
  }
};

const std::map<std::string, Made (Maker::*)(const TermSpec&)> kMakers{
    {"canonical", &Maker::canonical},
    {"copy", &Maker::copy},
    {"forbid", &Maker::word},
    {"frozen", &Maker::frozen},
    {"keyword", &Maker::word},
    {"repetition", &Maker::repetition},
    {"reply-to-prompt", &Maker::reply_to_prompt},
    {"self-verification", &Maker::self_verification}};

}  // namespace

Result<Terms> make_terms(const TermsRequest& r, Session& s, const Prompt& prompt) {
  Terms out;
  if (r.length_prior) {
    out.terms.push_back(make_length_term(*r.length_prior));
    out.beta.push_back(1);
  }
  Maker maker{s, prompt};
  for (const TermSpec& t : r.terms) {
    PONDER_ASSIGN(auto term, (maker.*kMakers.at(t.name))(t));
    out.terms.push_back(std::move(term));
    out.beta.push_back(t.weight);
  }
  PONDER_TRY(add_given(r.given, out.terms, out.beta));
  return out;
}

}  // namespace ponder
