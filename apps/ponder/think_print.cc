// Colours are told apart by lightness and style as well as by hue.
#include "think_print.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "answer_print.h"
#include "output.h"
#include "search_print.h"
#include "word_diff.h"

namespace ponder::app {
namespace {

struct Shade {
  double least;  // probability
  const char *style, *name;
};
constexpr Shade kShades[]{{0.5, "", "plain"},
                          {0.1, "\x1b[36m", "cyan"},
                          {0.01, "\x1b[33m", "yellow"},
                          {0, "\x1b[1;4;35m", "magenta"}};

const char* style_of(double logprob) {
  for (const Shade& s : kShades)
    if (std::exp(logprob) >= s.least) return s.style;
  return "";
}

void write_legend() {
  TextColumn column("");
  column.add("each token:");
  for (const Shade& s : kShades) {
    column.add(" ");
    column.add(s.name, s.style);
    column.add(s.least > 0 ? fmt::format(" p ≥ {},", s.least) : " less");
  }
  column.end();
}

// The words of one side that the other has not, in the notation of git's word diff.
void write_diff(const std::string& from, const std::string& to, bool colour) {
  const std::vector<DiffRun> runs = word_diff(from, to);
  using Kind = DiffRun::Kind;
  if (std::none_of(runs.begin(), runs.end(),
                   [](const DiffRun& r) { return r.kind == Kind::kSame; }))
    return;  // with no word in common the two replies say it all
  TextColumn column("diff");
  for (const DiffRun& run : runs) {
    std::string words = run.kind == Kind::kGone ? "[-" : run.kind == Kind::kNew ? "{+" : "";
    for (const std::string& w : run.words) words += (&w == run.words.data() ? "" : " ") + w;
    words += run.kind == Kind::kGone ? "-]" : run.kind == Kind::kNew ? "+}" : "";
    const char* style = run.kind == Kind::kGone  ? "\x1b[33m"
                        : run.kind == Kind::kNew ? "\x1b[1;34m"
                                                 : "";
    column.add(words, colour ? style : "");
    column.add(" ");
  }
  column.end();
}

std::string spent(const ThinkAnswer& a) {
  std::string line;
  for (const ThinkMethod& m : a.result.methods) {
    line += fmt::format("{} {:.1f} s {} tokens", m.name, m.seconds, m.cost.total());
    line += m.found ? fmt::format(": {:.2f}", m.best) : ": none";
    if (m.gap) line += fmt::format(" (relaxed {:+.2f} above what it snaps to)", *m.gap);
    line += ", ";
  }
  return line + fmt::format("in all {:.1f} s {} tokens", a.run.seconds, a.run.cost.total());
}

void write_proof(const ThinkResult& r) {
  const Certificate& c = r.certificate;
  const bool known = !r.trace.empty();
  double proving = 0;
  for (const ThinkMethod& m : r.methods) proving += m.name == "prove" ? m.seconds : 0;
  if (c.status == Certificate::Status::kNone)
    write_column("proof", known ? "none: it was not tried"
                                : fmt::format("none: no reply of {} to {} tokens was found",
                                              c.shortest, c.horizon));
  else
    print_proof(c, {}, proving);
}

bool proved(const ThinkResult& r) { return r.certificate.status == Certificate::Status::kOptimal; }

}  // namespace

bool colour_output(bool asked) {
  const char* no = std::getenv("NO_COLOR");
  return asked || (isatty(STDOUT_FILENO) != 0 && !(no && *no));
}

void ReplyColumn::add(TokenProb v) {
  const std::string text = stream_.add(v.token);
  least_ = std::min(least_, v.logprob);
  if (text.empty()) return;
  column_.add(text, colour_ ? style_of(least_) : "");
  least_ = 0;
}

void ReplyColumn::end() {
  column_.add(stream_.rest());
  column_.end();
}

void ThinkScreen::first_token(TokenProb v) {
  if (!first_) first_.emplace(text_, "first", colour_);
  first_->add(v);
  flush();
}

void ThinkScreen::first_done(const Reply& r) {
  if (!first_) first_.emplace(text_, "first", colour_);
  first_->end();
  write_column("", figures(r));
  flush();
}

void ThinkScreen::progress(const ThinkProgress& p) {
  if (p.method == "first") return;
  const auto head = [&] {
    return p.best ? fmt::format("log p {:.2f}", p.best->logprob) : std::string("…");
  };
  const auto text = [&] { return p.best ? text_->reply_text(p.best->tokens) : std::string(); };
  line_.show({std::string(p.method), p.seconds, p.tokens, head, text});
}

void ThinkScreen::likelier(const ThinkAnswer& a) {
  const ThinkResult& r = a.result;
  const std::string like = r.also ? " of like length" : "";
  if (r.best.tokens == r.first.tokens) {
    std::string none = "none" + like + " was found";
    if (proved(r)) none = "none: the first reply is already the most probable one" + like;
    return write_column("likelier", none);
  }
  const bool known = a.best_logprobs.size() == r.best.tokens.size();  // not of a search cut short
  ReplyColumn column(text_, "likelier", colour_ && known);
  for (std::size_t i = 0; i < r.best.tokens.size(); ++i)
    column.add({r.best.tokens[i], known ? a.best_logprobs[i] : 0});
  column.end();
  std::string what = figures(r.best);
  if (r.gain) what += fmt::format("   +{:.2f} nats, {} times as probable", *r.gain, times(*r.gain));
  write_column("", what);
}

void ThinkScreen::also(const ThinkAnswer& a) {
  const ThinkResult& r = a.result;
  write_column("also", a.also->text);
  std::string what = figures(*a.also) + "   shorter, and likelier because it is short";
  if (r.also_proved)
    what += r.certificate.claim == Certificate::Claim::kAnyLength
                ? "; the most probable of all lengths"
                : fmt::format("; the most probable of up to {} tokens", r.certificate.horizon);
  write_column("", what);
}

void ThinkScreen::answer(const ThinkAnswer& a, bool stopped, bool cost) {
  const ThinkResult& r = a.result;
  line_.clear();
  likelier(a);
  if (a.also) also(a);
  if (colour_) write_legend();
  if (r.best.tokens != r.first.tokens) write_diff(a.first.text, a.best.text, colour_);
  if (a.answer) {
    constexpr std::size_t kShown = 2;
    write_answer(*a.answer, kShown);
    write_column("", answer_evidence(*a.answer));
  }
  for (const std::string& note : a.notes) write_column("note", note);
  if (stopped) write_column("note", "stopped: this is the best so far");
  write_proof(r);
  if (cost) write_column("spent", spent(a));
  flush();
}

}  // namespace ponder::app
