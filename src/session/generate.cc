// Session::generate: the ordinary first reply by greedy decoding, sampling, or beam search.
#include "ponder/search/decode.h"
#include "session/prefill.h"

namespace ponder {
namespace {

// All replies that were made: the best of the beam, or the draws.
Result<std::vector<Reply>> replies_of(const GenerateRequest& r, const ReplyLaw& law, Prefill& p,
                                      CausalDensity& d) {
  if (r.beam > 0) {
    PONDER_ASSIGN(BeamResult found, beam_search(d, p.context(), law, {.width = r.beam}, p.rest()));
    if (found.replies.empty())
      return Error{Code::kResource,
                   "a reply that ends within " + std::to_string(law.horizon()) + " tokens",
                   "none in the beam", "beam search", "raise --max-length or --beam"};
    return std::vector{found.replies[0]};
  }
  const auto tell = [&](int, TokenProb v) { return !r.on_token || r.on_token(v); };
  return decode(d, p.context(), law, r.decode, r.best_of, p.rest(), tell);
}

}  // namespace

Status check_best_of(int best_of, const DecodeConfig& c) {
  if (best_of <= 1 || c.temperature > 0) return {};
  return Error{Code::kInvalid, "--temp above 0 with --best-of", "greedy decoding", "command line",
               "give --temp 0.8, for example"};
}

Result<GenerateAnswer> Session::generate(const GenerateRequest& r) {
  PONDER_TRY(check_best_of(r.best_of, r.decode));
  PONDER_ASSIGN(Prompt prompt, text_->prompt(r.prompt));
  PONDER_ASSIGN(const ReplyLaw law, r.law.law(kReplyTokens, prompt.ids.size(), *density_));
  Prefill prefill(*this, r.budget);
  PONDER_TRY(prefill.read(prompt.ids));
  PONDER_ASSIGN(std::vector<Reply> replies, replies_of(r, law, prefill, *density_));
  GenerateAnswer a;
  a.reply = spelled(replies[static_cast<std::size_t>(best_reply(replies, law))]);
  if (r.best_of > 1)
    for (Reply& x : replies) a.replies.push_back(spelled(std::move(x)));
  a.run = record(law, prefill.clock().cost(), prefill.clock().seconds(), r.decode.seed);
  a.notes = notes_on(std::move(prompt), a.reply);
  return a;
}

}  // namespace ponder
