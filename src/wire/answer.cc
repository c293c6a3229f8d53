// The likeliest answer to JSON; what was proved of it to a file, and back.
#include <utility>

#include "ponder/core/version.h"
#include "ponder/wire.h"
#include "wire/json.h"

namespace ponder {
namespace {

constexpr const char* kAnswerFormat = "ponder answer 1";

Json mass_json(const AnswerMass& m) {
  return {{"answer", m.answer}, {"mass", m.mass}, {"lower", m.lower}, {"upper", m.upper}};
}

Json maybe(const std::optional<std::string>& s) { return s ? Json(*s) : Json(nullptr); }

// Throws the JSON library's exceptions on missing keys and wrong types.
Result<AnswerRecord> read_answer_record(const Json& j, const std::string& where) {
  const auto bad = [&](const char* expected, const Json& got) {
    return Error{Code::kInvalid, expected, text_of(got).substr(0, 40), where, ""};
  };
  if (j.at("format") != kAnswerFormat) return bad(kAnswerFormat, j.at("format"));
  PONDER_ASSIGN(ProofSubject subject, read_subject(j, where));
  AnswerRecord r{std::move(subject), {}, {}};
  r.map = j.at("map");
  r.statement.answer = j.at("answer");
  if (!j.at("closed").is_array()) return bad("a list of prefixes", j.at("closed"));
  for (const Json& c : j.at("closed")) {
    ClosedPrefix p{c.at("ids").get<std::vector<Token>>(), c.at("logprob"), {}};
    if (!c.at("answer").is_null()) p.answer = c.at("answer").get<std::string>();
    r.statement.closed.push_back(std::move(p));
  }
  return r;
}

}  // namespace

Json answer_json(const AnswerReport& a) {
  // Whoever reads the answer alone must not get one that is not sure enough.
  Json j{{"answer", a.held_back ? Json(nullptr) : maybe(a.answer)},
         {"mass", a.mass},
         {"lower", a.lower},
         {"upper", a.upper},
         {"proved", a.proved},
         {"settled", a.settled},
         {"confidence", a.confidence},
         {"calibrated", a.calibrated},
         {"held_back", a.held_back ? maybe(a.answer) : Json(nullptr)},
         {"answers", Json::array()},
         {"none", a.none},
         {"open", a.open},
         {"map", a.map},
         {"way", to_string(a.way)},
         {"draws", a.draws},
         {"drawn", Json::array()},
         {"asked", a.asked},
         {"distinct", a.distinct},
         {"found", a.found},
         {"temperature", a.temperature},
         {"expanded", a.expanded},
         {"text", a.reply.text}};
  for (const AnswerReport::One& one : a.answers) {
    j["answers"].push_back(mass_json(one));
    j["answers"].back()["text"] = one.text;
  }
  for (const AnswerReport::Drawn& d : a.drawn)
    j["drawn"].push_back(
        {{"answer", maybe(d.answer)}, {"logprob", d.logprob}, {"n_tokens", d.n_tokens}});
  return j;
}

std::string to_json(const AnswerReport& a) {
  Json j = answer_json(a);
  j.update(reply_json(a.reply));
  add_run(j, a.run);
  add_notes(j, a);
  return text_of(j);
}

std::string to_json(const AnswerRecord& r) {
  Json j{{"format", kAnswerFormat},
         {"version", kVersion},
         {"model", {{"file", r.model_file}, {"sha256", r.model_sha256}}},
         {"precision", r.precision},
         {"prompt_ids", r.prompt},
         {"end_ids", r.end_tokens},
         {"target", to_string(r.law.target)},
         {"horizon", r.law.horizon},
         {"min_length", r.law.min_length},
         {"allowed_ids", r.law.allowed},
         {"map", r.map},
         {"answer", r.statement.answer},
         {"closed", Json::array()}};
  for (const ClosedPrefix& c : r.statement.closed)
    j["closed"].push_back({{"ids", c.tokens}, {"logprob", c.logprob}, {"answer", maybe(c.answer)}});
  return text_of(j) + "\n";
}

Result<AnswerRecord> parse_answer_record(std::string_view json, const std::string& where) {
  PONDER_ASSIGN(
      const Json j,
      parse_json(json, {Code::kInvalid, "the JSON of ponder answer --certificate", "", where, ""},
                 where));
  if (!fits_int(j))
    return Error{Code::kInvalid, "numbers of at most 2000000000", "a larger one", where, ""};
  try {
    return read_answer_record(j, where);
  } catch (const Json::exception& e) {
    return Error{Code::kInvalid, "the JSON of ponder answer --certificate", e.what(), where, ""};
  }
}

std::string to_json(const AnswerCheckReport& c) {
  Json j{{"valid", c.result.holds},
         {"answer", c.record.statement.answer},
         {"lower", c.result.lower},
         {"others", c.result.others},
         {"prefixes", c.record.statement.closed.size()}};
  if (!c.result.why.empty()) j["why"] = c.result.why;
  return text_of(j);
}

}  // namespace ponder
