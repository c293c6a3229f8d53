// Colours are told apart by lightness and style as well as by hue.
#include "think_print.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include "output.h"
#include "search_print.h"
#include "word_diff.h"

namespace ponder::app {
namespace {

struct Shade {
  double least;  // probability
  const char *style, *name;
};
constexpr Shade kShades[]{
    {0.5, "", "plain"}, {0.1, "\x1b[36m", "cyan"}, {0.01, "\x1b[33m", "yellow"}, {0, "\x1b[1;4;35m", "magenta"}};
constexpr const char* kReset = "\x1b[0m";

std::string styled(const std::string& text, const char* style) { return *style ? style + text + kReset : text; }

const char* style_of(double logprob) {
  for (const Shade& s : kShades)
    if (std::exp(logprob) >= s.least) return s.style;
  return "";
}

std::string legend() {
  std::string line = "        each token:";
  for (const Shade& s : kShades)
    line += s.least > 0 ? fmt::format(" {} p ≥ {},", styled(s.name, s.style), s.least)
                        : fmt::format(" {} less\n", styled(s.name, s.style));
  return line;
}

// Does the text end in the middle of a UTF-8 character?
bool cut(const std::string& s) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, s.size()); ++back) {
    const auto c = static_cast<unsigned char>(s[s.size() - back]);
    if ((c & 0xc0) == 0x80) continue;
    return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : c >= 0xc0 ? 2u : 1u);
  }
  return false;
}

// The reply on one line, each token in the colour of its probability; tokens that share a character in one.
std::string coloured(const Reply& r, const std::vector<double>& logprobs, const Text& t) {
  std::string line, text, pending;
  double least = 0;
  std::vector<Token> so_far;
  for (std::size_t k = 0; k < r.tokens.size() && k < logprobs.size(); ++k) {
    so_far.push_back(r.tokens[k]);
    const std::string all = t.reply_text(so_far);
    if (all.size() < text.size()) continue;
    pending += all.substr(text.size());
    text = all;
    least = std::min(least, logprobs[k]);
    if (cut(pending)) continue;
    line += styled(one_line(pending), style_of(least));
    pending.clear();
    least = 0;
  }
  return line + one_line(pending);
}

std::string diff_line(const std::string& from, const std::string& to, bool colour) {
  std::string line;
  bool same = false;
  for (const DiffRun& run : word_diff(from, to)) {
    std::string words;
    for (const std::string& w : run.words) words += (words.empty() ? "" : " ") + one_line(w);
    if (run.kind == DiffRun::Kind::kGone) words = styled(fmt::format("[-{}-]", words), colour ? "\x1b[33m" : "");
    if (run.kind == DiffRun::Kind::kNew) words = styled(fmt::format("{{+{}+}}", words), colour ? "\x1b[1;34m" : "");
    same |= run.kind == DiffRun::Kind::kSame;
    line += (line.empty() ? "" : " ") + words;
  }
  return same ? line : "";  // with no word in common the two lines say it all
}

std::vector<std::string> words_in_lower_case(const std::string& text) {
  std::string plain;
  for (char c : text) plain += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : ' ';
  std::istringstream in(plain);
  std::vector<std::string> words;
  for (std::string w; in >> w;) words.push_back(w);
  return words;
}

// Where the likelier reply may not be the better one: docs/methods.md#lengths.
std::vector<std::string> warnings(const ThinkAnswer& a, const Text& t) {
  std::vector<std::string> all;
  const Reply &first = a.result.first, &best = a.result.best;
  constexpr double kRepeats = 0.2, kCopied = 0.8;
  if (const double share = repetition(best.tokens); share >= kRepeats)
    all.push_back(fmt::format("the reply repeats itself: {:.0f} % of its 4-grams occurred before", 100 * share));
  if (first.ended && 2 * best.tokens.size() < first.tokens.size())
    all.push_back(
        fmt::format("{} tokens instead of {}: a short reply is likelier because it is short; compare like "
                    "lengths with --min-length or --target fixed",
                    best.tokens.size(), first.tokens.size()));
  const auto asked = words_in_lower_case(a.question), said = words_in_lower_case(t.reply_text(best.tokens));
  const std::set<std::string> known(asked.begin(), asked.end());
  const auto copied = std::count_if(said.begin(), said.end(), [&](const auto& w) { return known.contains(w); });
  constexpr std::size_t kFewest = 4;  // words
  if (said.size() >= kFewest && static_cast<double>(copied) >= kCopied * static_cast<double>(said.size()))
    all.push_back(fmt::format("{} of its {} words are the question's own", copied, said.size()));
  if (said.empty()) all.push_back("the reply has no words");
  if (!t.canonical(best.tokens)) all.push_back("the tokenizer would spell this text with other tokens");
  return all;
}

void print_both(const ThinkAnswer& a, const Engine& e, bool colour) {
  const auto& [result, first_lp, best_lp, question, cost, seconds, stopped] = a;
  const auto text = [&](const Reply& r, const std::vector<double>& lp) {
    return colour ? coloured(r, lp, e.text) : one_line(e.text.reply_text(r.tokens));
  };
  const Reply &first = result.first, &best = result.best;
  if (best.tokens == first.tokens) {
    print_replies({{"first   ", text(first, first_lp), figures(first)}});
    if (colour) write(legend());
    return write(result.certificate.status == Certificate::Status::kOptimal
                     ? "        the first reply is already the most probable one\n"
                     : "        nothing better was found\n");
  }
  const double gain = best.logprob - first.logprob;
  std::string better = figures(best);
  better += gain > 0 ? fmt::format("   +{:.2f} nats, {} times as probable", gain, times(gain))
                     : "   the first reply does not end and is no reply";
  print_replies({{"first   ", text(first, first_lp), figures(first)}, {"better  ", text(best, best_lp), better}});
  if (colour) write(legend());
  const std::string diff = diff_line(e.text.reply_text(first.tokens), e.text.reply_text(best.tokens), colour);
  if (!diff.empty()) write("diff    " + diff + "\n");
}

std::string spent_line(const ThinkAnswer& a) {
  std::string line = "spent  ";
  for (const ThinkMethod& m : a.result.methods) {
    line += fmt::format(" {} {:.1f} s {} tokens", m.name, m.seconds, m.cost.total());
    line += m.found ? fmt::format(": {:.2f}", m.best) : ": none";
    if (m.gap) line += fmt::format(" (relaxed {:+.2f} above what it snaps to)", *m.gap);
    line += ",";
  }
  return line + fmt::format(" in all {:.1f} s {} tokens{}\n", a.seconds, a.cost.total(),
                            a.stopped ? "; stopped, this is the best so far" : "");
}

}  // namespace

bool colour_output(bool asked) {
  const char* no = std::getenv("NO_COLOR");
  return asked || (isatty(STDOUT_FILENO) != 0 && !(no && *no));
}

void print_think(const ThinkAnswer& a, const Engine& e, bool colour) {
  print_both(a, e, colour);
  for (const std::string& w : warnings(a, e.text)) write("mind    " + w + "\n");
  write(spent_line(a));
  const Certificate& c = a.result.certificate;
  const bool known =
      std::any_of(a.result.methods.begin(), a.result.methods.end(), [](const auto& m) { return m.found; });
  double proving = 0;
  for (const ThinkMethod& m : a.result.methods) proving += m.name == "prove" ? m.seconds : 0;
  if (c.status == Certificate::Status::kNone && known)
    write("proof   none: it was not tried\n");
  else
    write(proof_line(c, {}, proving) + "\n");
  flush();
}

ThinkLine::ThinkLine(const Budget& b, bool wanted) : budget_(b), on_(wanted && isatty(STDERR_FILENO) != 0) {}
ThinkLine::~ThinkLine() {
  if (on_) std::cerr << "\r\x1b[K" << std::flush;
}

void ThinkLine::show(const ThinkProgress& p) {
  constexpr double kEvery = 0.1;
  if (!on_ || (p.method == method_ && p.seconds < shown_ + kEvery)) return;
  shown_ = p.seconds;
  method_ = p.method;
  std::string line = fmt::format("{}: best log p {}", p.method, p.best ? fmt::format("{:.2f}", p.best->logprob) : "…");
  if (std::isfinite(budget_.seconds)) line += fmt::format(", {:.1f} s left", std::max(0., budget_.seconds - p.seconds));
  if (budget_.tokens != std::numeric_limits<std::int64_t>::max())
    line += fmt::format(", {} tokens left", std::max<std::int64_t>(0, budget_.tokens - p.tokens));
  std::cerr << "\r\x1b[K" << line << std::flush;
}

}  // namespace ponder::app
