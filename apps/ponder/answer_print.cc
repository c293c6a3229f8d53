// What is known of an answer is said in words that fit the way it was found.
#include "answer_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "output.h"
#include "text_column.h"

namespace ponder::app {
namespace {

std::string percent(double p) { return fmt::format("{:.1f} %", 100 * p); }

std::string evidence(const AnswerReport& a) {
  switch (a.way) {
    case AnswerWay::kOptions:
      return "the options' own texts were scored, without their letters" +
             std::string(a.proved ? "; no rounding changes their order" : "");
    case AnswerWay::kFrame:
      return "the model's own sentences after Yes and after No, compared as replies" +
             std::string(a.proved ? "; no rounding changes their order" : "");
    case AnswerWay::kEnumeration:
      if (a.proved)
        return fmt::format("proved: no other answer has as much probability ({} prefixes, {} open)",
                           a.expanded, percent(a.open));
      return fmt::format("not proved: {} of the probability is open after {} prefixes",
                         percent(a.open), a.expanded);
    case AnswerWay::kDraws:
    case AnswerWay::kAuto:
      break;
  }
  std::string s = fmt::format("{}{} draws at temperature {:g}", a.draws,
                              a.distinct ? " distinct" : "", a.temperature);
  if (a.distinct) {
    s += fmt::format(", with {} of its probability", percent(a.found));
    if (a.open > 0) s += fmt::format(" ({} in draws that the budget cut)", percent(a.open));
    return a.settled ? s + "; no other answer has as much" : s;
  }
  if (a.asked > 0) s += fmt::format(", {} of them cut and asked for their answer", a.asked);
  if (a.settled) s += "; its lead is settled (--enough)";
  return s;
}

std::string figures(const AnswerMass& m) {
  if (m.lower == m.mass && m.upper == m.mass) return percent(m.mass);
  return fmt::format("{} to {}", percent(m.lower), percent(m.upper));
}

}  // namespace

void AnswerScreen::progress(const AnswerProgress& p) {
  const auto head = [&] {
    if (p.draws > 0) return fmt::format("{} draws", p.draws);
    return fmt::format("{} open", percent(p.open));
  };
  const auto text = [&] {
    return p.leader.empty() ? "" : fmt::format("{}  {}", percent(p.mass), p.leader);
  };
  line_.show({std::string(to_string(p.way)), p.seconds, 0, head, text});
}

void write_answer(const AnswerReport& a, std::size_t shown) {
  if (a.held_back) {
    write_column("answer", "I don't know");
    write_column("", "held back: " + one_line(*a.answer) + ", " + figures(a.answers[0]));
  } else {
    write_column("answer", a.answer ? one_line(*a.answer) : "none was found");
    if (a.answer) write_column("", figures(a.answers[0]));
  }
  if (a.calibrated)
    write_column("right", percent(a.confidence) + ": how likely, by the model's calibration");
  if (a.answer && !a.reply.text.empty() && a.reply.text != *a.answer && shown > 1)
    write_column("text", a.reply.text);
  for (std::size_t i = 1; i < std::min(a.answers.size(), shown); ++i)
    write_column(i == 1 ? "others" : "",
                 fmt::format("{}   {}", one_line(a.answers[i].answer), figures(a.answers[i])));
  if (a.answers.size() > shown)
    write_column("", fmt::format("and {} more", a.answers.size() - shown));
  constexpr double kShownShare = 0.0005;  // less is printed as 0.0 %
  if (a.none >= kShownShare)
    write_column("none", percent(a.none) + " of the probability gives no answer");
}

std::string answer_evidence(const AnswerReport& a) {
  return evidence(a) + fmt::format(", {:.1f} s", a.run.seconds);
}

void AnswerScreen::answer(const AnswerReport& a, bool stopped) {
  constexpr std::size_t kShown = 5;
  line_.clear();
  write_answer(a, kShown);
  for (const std::string& note : a.notes) write_column("note", note);
  if (stopped) write_column("note", "stopped: this is what is known so far");
  write_column("evidence", answer_evidence(a));
  write_column("map", a.map.starts_with("phrase:") ? "phrase: what the question has not" : a.map);
  flush();
}

void print_answer_check(const AnswerCheckReport& c) {
  if (!c.result.holds) {
    write("NOT VALID  " + c.result.why + "\n");
    return;
  }
  write(
      fmt::format("valid      \"{}\" has at least {}, any other answer at most {}; {} prefixes "
                  "scored anew in f32\n",
                  c.record.statement.answer, percent(c.result.lower), percent(c.result.others),
                  c.record.statement.closed.size()));
}

}  // namespace ponder::app
