// ponder decide: typed questions on texts: one from the command line, or bodies of /v1/decisions a
// line. Nothing is generated: labels are scored, lines in batches.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "open_model.h"
#include "output.h"
#include "requests.h"
#include "text_column.h"

namespace ponder::app {
namespace {

struct DecideArgs : RequestArgs {
  std::string choice, predicate, score, question;
  std::string neutral;
  bool prior = false, orders = false, unlisted = false;
};

using DecideBatch = LineBatch<DecideRequest, DecideAnswer>;

DecideBatch decide_batch(Session& s) {
  return DecideBatch({.answer = [&s](std::span<const DecideRequest> r) { return s.decide(r); },
                      .write = [](int, const DecideAnswer& a) -> Status {
                        write_line(to_json(a));
                        return {};
                      }});
}

// What the flags say of every request that does not say otherwise itself.
void apply_flags(const DecideArgs& a, DecideRequest& r) {
  r.raw = a.prompt.raw;
  r.orders = r.orders || a.orders;
  r.listed = r.listed && !a.unlisted;
  if (!r.neutral && a.prior) r.neutral = kNeutralText;
  if (!r.neutral && !a.neutral.empty()) r.neutral = a.neutral;
}

std::vector<DecideLabel> split_labels(const std::string& text) {
  std::vector<DecideLabel> labels;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t bar = std::min(text.find('|', begin), text.size());
    labels.push_back({.text = text.substr(begin, bar - begin)});
    begin = bar + 1;
  }
  return labels;
}

Result<DecideQuestion> asked(const DecideArgs& a) {
  const auto given = !a.choice.empty() + !a.predicate.empty() + !a.score.empty();
  if (given != 1)
    return Error{Code::kInvalid, "one of --choice, --predicate, --score",
                 given == 0 ? "none" : "several", "command line",
                 "several questions at once go into a line of --input"};
  if (!a.predicate.empty()) return DecideQuestion{.instructions = a.predicate};
  const bool score = !a.score.empty();
  return DecideQuestion{
      .kind = score ? DecideKind::kScore : DecideKind::kChoice,
      .instructions = a.question.empty() ? std::string(score ? kAskScore : kAskChoice) : a.question,
      .labels = split_labels(score ? a.score : a.choice)};
}

// Labels with their probabilities, the likeliest first; levels in their order.
void print_question(const DecidedQuestion& d) {
  const auto& labels = d.question.labels;
  std::vector<std::size_t> order(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (d.question.kind == DecideKind::kChoice)
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t k) {
      return d.probabilities[i] > d.probabilities[k];
    });
  for (const std::size_t i : order) {
    std::string line = fmt::format("{:8.4f}  {}", d.probabilities[i], one_line(labels[i].text));
    if (!d.prior.empty()) line += fmt::format("   (prior {:.4f})", d.prior[i]);
    write(line + "\n");
  }
  if (d.question.kind == DecideKind::kScore)
    write(fmt::format("{:8.4f}  mean, deviation {:.4f}, 90 % from {:g} to {:g}\n", d.mean,
                      d.deviation, d.lower, d.upper));
  write(fmt::format("{:8.4f}  mass: of all labels together\n", d.mass));
  if (d.letter_bias.empty()) return;
  std::string letters;
  for (std::size_t k = 0; k < d.letter_bias.size(); ++k)
    letters +=
        fmt::format("{}{} {:.3f}", k > 0 ? ", " : "", static_cast<char>('A' + k), d.letter_bias[k]);
  write_column("letters", letters);
}

Result<int> decide_one(const DecideArgs& a) {
  DecideRequest r;
  PONDER_ASSIGN(DecideQuestion q, asked(a));
  r.questions.push_back(std::move(q));
  PONDER_ASSIGN(const PromptRequest prompt, a.prompt.request());
  if (const auto* raw = std::get_if<RawText>(&prompt))
    r.input = Conversation::ask(raw->text);
  else
    r.input = std::get<Conversation>(prompt);
  apply_flags(a, r);
  PONDER_ASSIGN(const auto session, open_session(a.model));
  work_begins();
  const auto answers = session->decide({&r, 1});
  PONDER_TRY(answers[0].status());
  if (a.json()) {
    write_line(to_json(*answers[0]));
    return 0;
  }
  print_question(answers[0]->questions[0]);
  for (const std::string& note : answers[0]->notes) write_column("note", note);
  return 0;
}

Result<int> run_decide(const DecideArgs& a) {
  if (a.lines.input.empty()) return decide_one(a);
  if (!(a.choice + a.predicate + a.score + a.question).empty())
    return Error{Code::kInvalid, "questions from the command line or from --input", "both",
                 "command line", ""};
  PONDER_ASSIGN(const auto session, open_session(a.model));
  DecideBatch batch = decide_batch(*session);
  const auto add = [&](int n, const std::string& line) -> Status {
    constexpr std::size_t kLines = 64;
    work_begins();
    PONDER_ASSIGN(DecideRequest r, parse_decide_request(line));
    apply_flags(a, r);
    batch.add(n, std::move(r));
    return batch.size() < kLines ? Status() : batch.run();
  };
  const TextLineCalls calls{.fn = add,
                            .on_error = [&](int n, const Error& e) { return batch.fail(n, e); },
                            .idle = [&] { return batch.run(); }};
  PONDER_ASSIGN(const int code, for_text_lines(a.lines.input, calls));
  PONDER_TRY(batch.run());
  return std::max(code, batch.code());
}

}  // namespace

Run add_decide(CLI::App& app) {
  auto a = std::make_shared<DecideArgs>();
  a->add(app);
  app.get_option("--prompt")
      ->description("the text that is asked about; a lone argument is the same");
  app.get_option("--input")->description(
      "requests, one JSON object a line, as POST /v1/decisions takes them; - is stdin");
  app.add_option("--choice", a->choice, "labels to choose from, with | between them");
  app.add_option("--predicate", a->predicate, "a statement or a yes-or-no question");
  app.add_option("--score", a->score, "levels of a scale, the lowest first, with | between them");
  app.add_option("--question", a->question, "what is asked, with --choice or --score");
  auto* prior =
      app.add_flag("--prior", a->prior, "divide by what the labels have when the text is \"N/A\"");
  app.add_option("--neutral", a->neutral, "the same, with this text")->excludes(prior);
  app.add_flag("--unlisted", a->unlisted, "do not name the labels in the question");
  app.add_flag("--orders", a->orders,
               "letter the labels and average over all cyclic orders, at most 26");
  app.footer(
      "JSON field \"mass\": the probability of all labels together, before it was divided among "
      "them.\n"
      "Examples:\n  ponder decide -p 'I was charged twice.' --choice 'billing|technical|other'\n"
      "  ponder decide -p 'The room was cold and loud.' --predicate 'Is the guest content?'");
  return [a] { return run_decide(*a); };
}

}  // namespace ponder::app
