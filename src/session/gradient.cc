// Session::gradients: the gradients of many replies in one batch.
#include "base/passes.h"
#include "ponder/session.h"

namespace ponder {
namespace {

// The work for one request: a relaxed reply, or the tokens of a reply.
struct Work {
  std::size_t index;  // index of the request
  std::vector<Token> prompt{};
  RelaxedReply reply{};
  bool relaxed = false;
};

Result<Work> work_of(std::size_t index, const GradientRequest& r, const TextModel& text) {
  PONDER_ASSIGN(Prompt prompt, text.prompt(r.prompt));
  Work w{.index = index, .prompt = std::move(prompt.ids)};
  if (const auto* relaxed = std::get_if<RelaxedReply>(&r.reply)) {
    w.reply = *relaxed;
    w.relaxed = true;
  } else {
    PONDER_ASSIGN(w.reply.candidates, text.reply(std::get<ReplyRequest>(r.reply)));
  }
  return w;
}

Status run(Session& s, std::span<const Work> work, const GradientOptions& o,
           std::vector<ReplyGradient>& out) {
  std::vector<SoftReply> batch;
  for (const Work& w : work) {
    PONDER_ASSIGN(PrefixRef parent, s.context(w.prompt));
    batch.push_back({.parent = std::move(parent),
                     .candidates = w.reply.candidates,
                     .weights = w.reply.weights,
                     .m = w.reply.m});
  }
  return s.density().value_and_grad(batch, {}, o, out);
}

Result<GradientAnswer> answer_of(const Work& w, ReplyGradient g) {
  if (!g.finite)
    return Error{Code::kNumeric, "a finite gradient", "one that is not; it was not written", "",
                 ""};
  GradientAnswer a{.value = g.value};
  a.gradient = std::move(w.relaxed ? g.weights : g.embedding);
  a.rows = static_cast<std::int64_t>(w.reply.candidates.size()) / w.reply.m;
  a.columns = a.rows > 0 ? static_cast<std::int64_t>(a.gradient.size()) / a.rows : 0;
  return a;
}

}  // namespace

// If the batch fails, its halves are processed separately, so that only replies that fail get an
// error.
std::vector<Result<GradientAnswer>> Session::gradients(std::span<const GradientRequest> requests,
                                                       std::int64_t tape_limit) {
  const GradientOptions options{.weights = true, .tape_limit = tape_limit};
  std::vector<Result<GradientAnswer>> out;
  std::vector<Work> work;
  for (const GradientRequest& r : requests) {
    out.emplace_back(GradientAnswer());
    auto w = work_of(out.size() - 1, r, *text_);
    if (w.ok())
      work.push_back(std::move(*w));
    else
      out.back() = w.error();
  }
  halve_on_failure(std::span<const Work>(work), [&](std::span<const Work> pass) {
    std::vector<ReplyGradient> results;
    const Status done = run(*this, pass, options, results);
    if (!done.ok() && pass.size() > 1) return false;
    for (std::size_t k = 0; k < pass.size(); ++k) {
      if (done.ok())
        out[pass[k].index] = answer_of(pass[k], std::move(results[k]));
      else
        out[pass[k].index] = done.error();
    }
    return true;
  });
  return out;
}

}  // namespace ponder
