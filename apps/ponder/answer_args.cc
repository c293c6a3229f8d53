// Registers and reads the options of answer_args.h.
#include "answer_args.h"

#include <CLI/CLI.hpp>

namespace ponder::app {

void AnswerArgs::add(CLI::App& app) {
  law.add(app);
  budget.text = "30s";
  budget.add(app);
  app.add_option("--answer", answer.map,
                 "what counts as the answer: auto, choice:A-D, choice:red|blue, yesno, number, "
                 "number:first, word, line, regex:…, json:/…");
  app.add_option("--way", way, "how to find it: auto, options, frame, enumeration, draws");
  app.add_option("--draws", answer.draws, "most replies that are drawn")
      ->check(CLI::Range(1, 4096));
  app.add_option("--temp", answer.temperature, "temperature of the draws")
      ->check(CLI::Range(0.01, 100.));
  app.add_flag("--distinct", answer.distinct, "draw without replacement: no reply comes twice");
  app.add_option("-s,--seed", answer.seed, "start of the random numbers");
  app.add_option("--enough", answer.enough,
                 "draws end when the leading answer stays ahead with this probability; 1: never")
      ->check(CLI::Range(0.51, 1.));
}

Result<AnswerRequest> AnswerArgs::request() const {
  AnswerRequest r = answer;
  r.law = law.request();
  PONDER_ASSIGN(r.budget, budget.budget());
  const auto named = parse_answer_way(way);
  if (!named)
    return Error{Code::kInvalid, "auto, options, frame, enumeration or draws", way, "--way", ""};
  r.way = *named;
  if (r.map != "auto") PONDER_TRY(parse_answer_map(r.map).status());
  return r;
}

}  // namespace ponder::app
